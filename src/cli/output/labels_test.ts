import { assertEquals } from "../../../tests/assert.ts";
import { agoText, countText, shortId, splitName } from "./labels.ts";

Deno.test("agoText() formats an age in one unit", () => {
  const cases: readonly (readonly [seconds: number, want: string])[] = [
    [-5, "just now"],
    [59, "just now"],
    [60, "1 minute ago"],
    [7300, "2 hours ago"],
    [86_400 * 6, "6 days ago"],
    [86_400 * 800, "2 years ago"],
  ];
  for (const [seconds, want] of cases) assertEquals(agoText(0, seconds * 1000), want);
});

Deno.test("splitName() distinguishes a tag from a port", () => {
  assertEquals(splitName("localhost:5000/a"), ["localhost:5000/a", ""]);
  assertEquals(splitName("localhost:5000/a:1"), ["localhost:5000/a", "1"]);
  assertEquals(splitName("docker.io/library/a@sha256:00"), ["docker.io/library/a", ""]);
});

Deno.test("countText() and shortId() format counts and ids", () => {
  assertEquals([countText(1, "blob"), countText(0, "blob")], ["1 blob", "0 blobs"]);
  assertEquals(shortId(`sha256:${"ab".repeat(32)}`), "abababababab");
});
