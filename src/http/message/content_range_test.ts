import { assertEquals } from "../../../tests/assert.ts";
import { type ContentRange, parseContentRange } from "./content_range.ts";

const range = (first: number, last: number, total?: number): ContentRange => ({
  kind: "range",
  first,
  last,
  total,
});

const CASES: readonly [string | null, ContentRange | undefined][] = [
  ["bytes 0-0/1", range(0, 0, 1)],
  ["bytes 5-9/10", range(5, 9, 10)],
  ["BYTES 5-9/10", range(5, 9, 10)],
  ["bytes 5-9/*", range(5, 9)],
  ["bytes 0-9007199254740989/9007199254740990", range(0, 9007199254740989, 9007199254740990)],
  ["bytes */10", { kind: "unsatisfied", total: 10 }],
  [null, undefined],
  ["", undefined],
  ["bytes", undefined],
  ["bytes 5-9", undefined],
  ["bytes 5/10", undefined],
  ["bytes=5-9/10", undefined],
  ["bytes  5-9/10", undefined],
  [" bytes 5-9/10", undefined],
  ["bytes 5-9/10 ", undefined],
  ["bytes 5 - 9/10", undefined],
  ["bytes -5-9/10", undefined],
  ["bytes 0x5-9/10", undefined],
  ["bytes 5-9/1e9", undefined],
  ["bytes +5-9/10", undefined],
  ["bytes 9-5/10", undefined],
  ["bytes 5-10/10", undefined],
  ["bytes 5-9/9", undefined],
  ["bytes */*", undefined],
  ["bytes 5-9/10, bytes 5-9/10", undefined],
  ["items 5-9/10", undefined],
  ["bytes 0-9007199254740992/9007199254740993", undefined],
  ["bytes 0-99999999999999999999/*", undefined],
];

Deno.test("parseContentRange() parses byte ranges and nothing else", async (t) => {
  for (const [value, want] of CASES) {
    await t.step(value ?? "no header", () => assertEquals(parseContentRange(value), want));
  }
});
