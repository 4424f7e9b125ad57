import { assertEquals } from "../../../tests/assert.ts";
import { Counter, Gauge, Histogram, prometheusText } from "./metrics.ts";

Deno.test("prometheusText() writes the text format of Prometheus", () => {
  const calls = new Counter();
  calls.add(1, { method: 'a"b\\c\nd' });
  calls.add(2, { method: 'a"b\\c\nd' });
  const seconds = new Histogram([0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 7]) seconds.observe(value, { m: "x" });
  const text = prometheusText([
    { name: "calls_total", type: "counter", labels: ["method"], help: "Calls" },
    { name: "open", type: "gauge", labels: [], help: "Open" },
    { name: "missing", type: "gauge", labels: [], help: "Missing" },
    { name: "seconds", type: "histogram", labels: ["m"], help: "Seconds" },
  ], {
    calls_total: calls,
    open: new Gauge(() => 3),
    missing: new Gauge(() => undefined),
    seconds,
  });
  assertEquals(text.split("\n"), [
    "# HELP calls_total Calls",
    "# TYPE calls_total counter",
    'calls_total{method="a\\"b\\\\c\\nd"} 3',
    "# HELP open Open",
    "# TYPE open gauge",
    "open 3",
    "# HELP missing Missing",
    "# TYPE missing gauge",
    "# HELP seconds Seconds",
    "# TYPE seconds histogram",
    'seconds_bucket{m="x",le="0.1"} 2',
    'seconds_bucket{m="x",le="1"} 3',
    'seconds_bucket{m="x",le="+Inf"} 4',
    'seconds_sum{m="x"} 7.65',
    'seconds_count{m="x"} 4',
    "",
  ]);
});
