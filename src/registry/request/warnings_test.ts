import { SecretSet } from "../../base/secret_set.ts";
import { assertEquals } from "../../../tests/assert.ts";
import { warningsOf, warnOnce } from "./warnings.ts";

const CASES: readonly (readonly [string, readonly string[]])[] = [
  ['299 - "deprecated"', ["deprecated"]],
  ['299 - "a", 299 - "b, c"', ["a", "b, c"]],
  ['299 - "say \\"hi\\""', ['say "hi"']],
  ['199 - "other"', []],
  ['299 agent "other"', []],
  ["299 - unquoted", []],
  ['299 - "tab\tand \u009b more"', ["tab and more"]],
  ["", []],
];

Deno.test("warningsOf() returns the registry's own warnings", async (t) => {
  for (const [value, want] of CASES) {
    await t.step(
      value || "nothing",
      () => assertEquals(warningsOf(new Headers({ warning: value }), new SecretSet()), want),
    );
  }
});

Deno.test("warnOnce() reports each warning of each host once", () => {
  const reported: string[] = [];
  const warn = warnOnce((warning, host) => reported.push(`${host}: ${warning}`));
  warn("a", "h");
  warn("a", "h");
  warn("a", "other");
  assertEquals(reported, ["h: a", "other: a"]);
});
