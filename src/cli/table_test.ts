import { assert, assertEquals } from "../../tests/assert.ts";
import { COMMAND_NAMES, commandOf } from "./table.ts";
import { GLOBAL_OPTIONS } from "./table/shared.ts";
import type { Options, OptionSpec } from "./table/types.ts";
import { parseCommandLine } from "./parse.ts";

Deno.test("the command table keeps its own rules", async (t) => {
  for (const name of COMMAND_NAMES) {
    await t.step(name, () => {
      const { options, positionals, summary, examples } = commandOf(name);
      const all: readonly [string, OptionSpec][] = [
        ...Object.entries(options),
        ...Object.entries(GLOBAL_OPTIONS as Options),
      ];
      const spellings = all.flatMap(([long, { short }]) => short === undefined ? [long] : [long, short]);
      assertEquals(new Set(spellings).size, spellings.length, "two options have one spelling");
      const lists = Object.values(positionals).map(({ count }) => count);
      assert(lists.slice(0, -1).every((count) => count === "one"), "only the last argument may vary");
      for (const text of [summary, ...all.map(([, spec]) => spec.summary)]) {
        assert(!text.endsWith("."), `"${text}" ends with a full stop`);
      }
      assert(examples.length > 0, "there is no example");
    });
  }
});

Deno.test("the examples of the command table are right", async (t) => {
  for (const name of COMMAND_NAMES) {
    for (const { line } of commandOf(name).examples) {
      await t.step(line, () => {
        const words = /dray ([^|<>)]*?)(?: 2)?(?: *[|<>)].*)?$/.exec(line)?.[1]?.trim().split(" ") ?? [];
        assertEquals(parseCommandLine(words).kind, "run");
      });
    }
  }
});
