import { assertEquals, assertStringIncludes } from "../../tests/assert.ts";
import { chartOf } from "./chart.ts";

const result = (wall: number) => ({ wall, least: wall, most: wall, cpu: 1, memory: 50 });

Deno.test("chartOf() draws one bar per program, in proportion to its seconds", () => {
  const svg = chartOf([{
    key: "A loopback",
    title: "A: <1 GiB>",
    isUnpacked: false,
    rows: [
      { name: "dray", result: result(1) },
      { name: "dray, no fsync", result: result(0.9) },
      { name: "crane", result: result(2) },
      { name: "skopeo", result: "failed" },
      { name: "baseline", result: result(1) },
    ],
  }]);
  const widths = [...svg.matchAll(/<rect class="(\w+)" [^>]*width="([\d.]+)"/g)].map((
    m,
  ) => [m[1], Number(m[2])]);
  assertEquals(widths, [["dray", 270], ["other", 540]]);
  assertStringIncludes(svg, "A: &lt;1 GiB&gt;");
  assertStringIncludes(svg, "2.00 s");
});
