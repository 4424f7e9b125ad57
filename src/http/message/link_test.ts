import { assertEquals, assertThrows } from "../../../tests/assert.ts";
import { nextQuery } from "./link.ts";

const PAGE = new URL("https://r.test/v2/a/tags/list?n=2");
const next = (value: string | null) => nextQuery(value, PAGE, (reason) => new RangeError(reason));

const CASES: readonly (readonly [value: string | null, query: string])[] = [
  ['</v2/a/tags/list?last=b&n=2>; rel="next"', "?last=b&n=2"],
  ["</v2/a/tags/list?last=b>; rel=next", "?last=b"],
  ['<?last=b>; rel="next"', "?last=b"],
  ['<?last=b&ns=docker.io>; rel="next"', "?last=b"],
  ['<https://r.test/v2/a/tags/list?last=b>;rel="next"', "?last=b"],
  ['<?last=x>; rel="prev", <?last=y>; rel="next"', "?last=y"],
  ['<?last=1,2>; title="a, b"; rel="prev next"', "?last=1%2C2"],
  ['<?last=b>; REL="NEXT"', "?last=b"],
  ['<?last=b>; rel="nextish"', ""],
  ["<?last=b>; rel=nextish", ""],
  ['<?last=b>; rel="prev"', ""],
  ["<?last=b>", ""],
  ['<http://[bad>; rel="next"', ""],
  ["", ""],
  [null, ""],
];

Deno.test("nextQuery() returns the query of the next page", async (t) => {
  for (const [value, query] of CASES) {
    await t.step(value ?? "no header", () => assertEquals(next(value), query));
  }
});

Deno.test("nextQuery() refuses links to another list", async (t) => {
  for (
    const target of [
      "https://evil.test/v2/a/tags/list",
      "http://r.test/v2/a/tags/list",
      "/v2/b/tags/list",
      "/",
    ]
  ) {
    await t.step(target, () => void assertThrows(() => next(`<${target}?last=b>; rel="next"`), RangeError));
  }
});
