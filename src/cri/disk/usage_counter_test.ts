import { assertEquals } from "../../../tests/assert.ts";
import type { StoreUsage } from "../../content/maintenance.ts";
import { UsageCounter } from "./usage_counter.ts";

function usageOf(blobBytes: number, inodes: number): StoreUsage {
  return { blobs: 0, blobBytes, partials: 0, partialBytes: 100, layerBytes: 1000, inodes };
}

Deno.test("changes count immediately, in full blocks, and a count corrects them", async () => {
  const problems: unknown[] = [];
  let count: () => Promise<StoreUsage> = () => Promise.resolve(usageOf(50_000, 7));
  using counter = new UsageCounter({ count: () => count(), onProblem: (error) => problems.push(error) });
  counter.estimate([1, 4096]);
  assertEquals(counter.usage, { bytes: 8192, inodes: 2 });
  await counter.recount();
  assertEquals(counter.usage, { bytes: 51_100, inodes: 7 });
  counter.added([4097]);
  assertEquals(counter.usage, { bytes: 51_100 + 8192, inodes: 8 });
  counter.removed([4097, 1]);
  assertEquals(counter.usage, { bytes: 51_100 - 4096, inodes: 6 });
  count = () => Promise.reject(new Error("the disk is gone"));
  await counter.recount();
  assertEquals([counter.usage.inodes, problems.length], [6, 1]);
});

Deno.test("the usage is never negative, and parallel calls share one count", async () => {
  let counts = 0;
  const gate = Promise.withResolvers<StoreUsage>();
  using counter = new UsageCounter({
    count() {
      counts++;
      return gate.promise;
    },
    onProblem: () => {},
  });
  counter.removed([100_000]);
  assertEquals(counter.usage, { bytes: 0, inodes: 0 });
  const both = [counter.recount(), counter.recount()];
  gate.resolve(usageOf(0, 1));
  await Promise.all(both);
  assertEquals(counts, 1);
});
