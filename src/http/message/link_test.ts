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
  ["<?last=b>", "?last=b"],
  ["<?last=b>; title=x", "?last=b"],
  ["<?last=x>; title=x, <?last=b>; rel=next", "?last=b"],
  ["<?last=b>; rel='next'", "?last=b"],
  ["</v2/a/tags/list?last=b&n=2>", "?last=b&n=2"],
  ['/v2/a/tags/list?last=b; rel="next"', "?last=b"],
  ["/v2/a/tags/list?last=1,2; rel=next", "?last=1%2C2"],
  ["https://r.test/v2/a/tags/list?last=b", "?last=b"],
  ["tags/list?last=b", "?last=b"],
  ["/x?last=a; rel=prev, /x?last=b; rel=next", "?last=b"],
  ["/x?last=a; rel=prev", ""],
  // Another host or path gets no request: only the query counts.
  ['<https://evil.test/v2/a/tags/list?last=b>; rel="next"', "?last=b"],
  ['<http://r.test/v2/a/tags/list?last=b>; rel="next"', "?last=b"],
  ['</repository/x/v2/b/tags/list?last=b>; rel="next"', "?last=b"],
  ["", ""],
  [null, ""],
];

Deno.test("nextQuery() returns the query of the next page", async (t) => {
  for (const [value, query] of CASES) {
    await t.step(value ?? "no header", () => assertEquals(next(value), query));
  }
});

Deno.test("nextQuery() refuses what would make the list look complete", async (t) => {
  const cases = [
    '<http://[bad>; rel="next"',
    '</v2/a/tags/list/2>; rel="next"',
    '<?ns=docker.io>; rel="next"',
    "garbage",
    "next page",
    '<?last=b; rel="next"',
    `<?last=${"b".repeat(9000)}>`,
  ];
  for (const value of cases) {
    await t.step(value.slice(0, 40), () => void assertThrows(() => next(value), RangeError));
  }
});
