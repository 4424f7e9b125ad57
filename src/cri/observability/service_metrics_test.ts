import { assertEquals } from "../../../tests/assert.ts";
import { METRIC_TABLE } from "./metric_table.ts";
import { ServiceMetrics } from "./service_metrics.ts";

Deno.test("the samples of each metric have the labels that the table lists", async (t) => {
  const metrics = new ServiceMetrics({
    version: "1.2.3",
    pullsInProgress: () => 1,
    usage: () => ({ bytes: 10, inodes: 2 }),
    images: () => 3,
    connections: () => 4,
    activeCalls: () => 5,
  });
  const status = { code: 0, message: "" } as const;
  const call = { status, durationMs: 1, traceparent: undefined, error: undefined };
  metrics.called({ ...call, method: "/a.B/C", known: true });
  metrics.called({ ...call, method: "/x", known: false });
  metrics.pulled({ name: "a:1", error: undefined, fetched: 7, durationMs: 1 });
  const lines = metrics.text().split("\n");
  for (const { name, type, labels, help } of METRIC_TABLE) {
    await t.step(name, () => {
      const start = lines.indexOf(`# HELP ${name} ${help}`);
      assertEquals(lines[start + 1], `# TYPE ${name} ${type}`);
      const sample = lines[start + 2] ?? "";
      const found = [...sample.matchAll(/([a-z]+)="/g)].map(([, label]) => label);
      assertEquals(found, type === "histogram" ? [...labels, "le"] : [...labels]);
    });
  }
});
