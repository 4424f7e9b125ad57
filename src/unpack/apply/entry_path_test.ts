import { isCode } from "../../base/errors.ts";
import { assert, assertEquals, assertThrows } from "../../../tests/assert.ts";
import { segmentsOf } from "./entry_path.ts";

Deno.test("segmentsOf() cleans names that stay inside the root", async (t) => {
  const cases = [
    ["a/../b", "b"],
    ["a/b/../../c", "c"],
    ["./a/./..//b/", "b"],
    ["/a/../b", "b"],
    ["a/..", ""],
    ["a/../b/../c/d", "c/d"],
    ["..a/b..", "..a/b.."],
    ["/", ""],
  ] as const;
  for (const [name, want] of cases) await t.step(name, () => assertEquals(segmentsOf(name).join("/"), want));
});

Deno.test("segmentsOf() rejects names that leave the root, even if they return", async (t) => {
  for (const name of ["..", "../a", "/../a", "a/../../b", "a/../../a", "./../", "a/b/../../../c/.."]) {
    await t.step(name, () => assert(isCode(assertThrows(() => segmentsOf(name)), "invalid_content")));
  }
});
