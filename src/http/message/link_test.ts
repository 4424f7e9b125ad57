import { assertEquals } from "../../../tests/assert.ts";
import { nextLink } from "./link.ts";

const BASE = new URL("https://r.test/v2/a/tags/list");

const CASES: readonly [string | null, string | undefined][] = [
  ['</v2/a/tags/list?last=b&n=2>; rel="next"', "https://r.test/v2/a/tags/list?last=b&n=2"],
  ["</v2/a/tags/list?last=b>; rel=next", "https://r.test/v2/a/tags/list?last=b"],
  ['<?last=b>; rel="next"', "https://r.test/v2/a/tags/list?last=b"],
  ['<https://r.test/v2/a/tags/list?last=b>;rel="next"', "https://r.test/v2/a/tags/list?last=b"],
  ['</x>; rel="prev", </y>; rel="next"', "https://r.test/y"],
  ['</x?a=1,2>; title="a, b"; rel="prev next"', "https://r.test/x?a=1,2"],
  ['</x>; REL="NEXT"', "https://r.test/x"],
  ['</x>; rel="nextish"', undefined],
  ["</x>; rel=nextish", undefined],
  ['</x>; rel="prev"', undefined],
  ["</x>", undefined],
  ['<http://[bad>; rel="next"', undefined],
  ["", undefined],
  [null, undefined],
];

Deno.test("nextLink() finds the next page", async (t) => {
  for (const [value, want] of CASES) {
    await t.step(value ?? "no header", () => assertEquals(nextLink(value, BASE)?.href, want));
  }
});
