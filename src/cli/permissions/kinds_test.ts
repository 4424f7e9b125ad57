import { assertEquals } from "../../../tests/assert.ts";
import { parseCommandLine } from "../table/parse.ts";
import { COMMANDS } from "../commands.ts";
import { kindsOf, needsOf } from "./kinds.ts";

/** The kinds of permissions that a command line keeps. */
const KEPT: readonly (readonly [line: string, kinds: readonly string[]])[] = [
  ["version", []],
  ["help pull", []],
  ["completions bash", []],
  ["images", ["read"]],
  ["inspect nginx", ["read"]],
  ["df", ["read", "sys"]],
  ["tag a b", ["read", "write"]],
  ["rm a", ["read", "write"]],
  ["gc", ["read", "write"]],
  ["digest a", ["read"]],
  ["digest --remote a", ["net", "read", "run"]],
  ["tags a", ["net", "read", "run"]],
  ["verify", ["read"]],
  ["verify --repair", ["ffi", "net", "read", "run", "sys", "write"]],
  ["pull a", ["net", "read", "run", "write"]],
  ["unpack a b", ["ffi", "read", "sys", "write"]],
  ["serve cri", ["net", "read", "sys", "write"]],
  ["permissions pull a", ["read"]],
  ["permissions --probe pull a", ["net", "read", "run"]],
];

Deno.test("a command keeps only the kinds of permissions that it needs", async (t) => {
  for (const [line, kinds] of KEPT) {
    await t.step(line, () => {
      const parsed = parseCommandLine(COMMANDS, line.split(" "));
      if (parsed.kind !== "run") throw new Error("not a command that runs");
      const kept = kindsOf(needsOf(parsed.spec, parsed.input.options));
      assertEquals([...kept].sort(), kinds);
    });
  }
});
