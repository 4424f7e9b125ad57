import { assertEquals } from "../../tests/assert.ts";
import { findBadIgnores } from "./ignores.ts";

const BAD = [
  "// deno-lint-ignore-file",
  "// deno-lint-ignore",
  "  // deno-lint-ignore-file -- because",
  "//deno-lint-ignore dray/restricted-api",
  "/* deno-lint-ignore no-eval dray/restricted-api -- because */",
];

const GOOD = [
  "// deno-lint-ignore no-eval",
  "// deno-lint-ignore-file no-explicit-any -- not about dray/restricted-api",
  'const text = "// deno-lint-ignore";',
  "// see dray/restricted-api",
];

Deno.test("findBadIgnores() finds comments that disable all rules or dray's rules", async (t) => {
  for (const line of BAD) await t.step(line, () => assertEquals(findBadIgnores(`a;\n${line}\n`), [2]));
  for (const line of GOOD) await t.step(line, () => assertEquals(findBadIgnores(`a;\n${line}\n`), []));
});
