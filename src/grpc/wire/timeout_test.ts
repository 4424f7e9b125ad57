import { assertEquals } from "../../../tests/assert.ts";
import { parseTimeout } from "./timeout.ts";

Deno.test("parseTimeout() accepts only the units of gRPC", async (t) => {
  const cases: [text: string, want: number | undefined][] = [
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3000],
    ["4m", 4],
    ["5000u", 5],
    ["0n", 0],
    ["99999999S", 99_999_999_000],
    ["123456789S", undefined],
    ["-1S", undefined],
    ["1", undefined],
    ["S", undefined],
    ["1s", undefined],
    ["1S ", undefined],
    ["1.5S", undefined],
  ];
  for (const [text, want] of cases) await t.step(text, () => assertEquals(parseTimeout(text), want));
});
