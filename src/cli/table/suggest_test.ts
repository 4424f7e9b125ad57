import { assertEquals } from "../../../tests/assert.ts";
import { suggest } from "./suggest.ts";

Deno.test("suggest() finds the nearest word, if one is near", async (t) => {
  const known = ["pull", "push", "images", "inspect", "--platform", "--password-stdin"];
  const cases: readonly (readonly [word: string, want: string | undefined])[] = [
    ["pul", "pull"],
    ["plul", "pull"],
    ["image", "images"],
    ["imgaes", "images"],
    ["insp", "inspect"],
    ["--plaftorm", "--platform"],
    ["--password", "--password-stdin"],
    ["x", undefined],
    ["remove", undefined],
    ["", undefined],
    ["p".repeat(100_000), undefined],
  ];
  for (const [word, want] of cases) {
    await t.step(word.slice(0, 20), () => assertEquals(suggest(word, known), want));
  }
});
