import { assertEquals } from "../../../tests/assert.ts";
import { retryAfterOf } from "./retry_after.ts";

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);

const CASES: readonly [string | null, number | undefined][] = [
  ["0", 0],
  ["1", 1000],
  [" 120 ", 120_000],
  ["Thu, 01 Jan 2026 12:00:30 GMT", 30_000],
  ["Thursday, 01-Jan-26 12:00:30 GMT", 30_000],
  ["Thu Jan  1 12:00:30 2026 GMT", 30_000],
  ["Thu, 01 Jan 2026 11:00:00 GMT", 0],
  ["Fri, 01 Jan 2027 12:00:00 GMT", 365 * 86_400_000],
  ["9".repeat(400), Number.MAX_SAFE_INTEGER],
  [null, undefined],
  ["", undefined],
  ["soon", undefined],
  ["-1", undefined],
  ["1.5", undefined],
  ["1e3", undefined],
  ["10, 20", undefined],
  ["2026-01-01T12:00:30Z", undefined],
  ["Thu, 99 Foo 2026", undefined],
];

Deno.test("retryAfterOf() parses seconds and dates", async (t) => {
  for (const [value, want] of CASES) {
    await t.step(value?.slice(0, 40) ?? "no header", () => {
      const headers = new Headers(value === null ? {} : { "retry-after": value });
      assertEquals(retryAfterOf(headers, NOW), want);
    });
  }
});

Deno.test("retryAfterOf() compares a date with the Date header", () => {
  const headers = new Headers({
    date: "Thu, 01 Jan 2026 09:00:00 GMT",
    "retry-after": "Thu, 01 Jan 2026 09:00:10 GMT",
  });
  assertEquals(retryAfterOf(headers, NOW), 10_000);
  headers.delete("date");
  assertEquals(retryAfterOf(headers, NOW), 0);
});
