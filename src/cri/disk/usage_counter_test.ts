import { assertEquals } from "../../../tests/assert.ts";
import type { StoreUsage } from "../../content/maintenance.ts";
import { UsageCounter } from "./usage_counter.ts";

function usageOf(blobBytes: number, inodes: number): StoreUsage {
  return { blobs: 0, blobBytes, partials: 0, partialBytes: 100, layerBytes: 1000, inodes };
}

Deno.test("changes count at once, in whole blocks, and a count puts all right", async () => {
  const problems: unknown[] = [];
  let answer: () => Promise<StoreUsage> = () => Promise.resolve(usageOf(50_000, 7));
  using counter = new UsageCounter({ count: () => answer(), onProblem: (error) => problems.push(error) });
  counter.assume([1, 4096]);
  assertEquals(counter.usage, { bytes: 8192, inodes: 2 });
  await counter.recount();
  assertEquals(counter.usage, { bytes: 51_100, inodes: 7 });
  counter.added([4097]);
  assertEquals(counter.usage, { bytes: 51_100 + 8192, inodes: 8 });
  counter.removed([4097, 1]);
  assertEquals(counter.usage, { bytes: 51_100 - 4096, inodes: 6 });
  answer = () => Promise.reject(new Error("the disk is gone"));
  await counter.recount();
  assertEquals([counter.usage.inodes, problems.length], [6, 1]);
});

Deno.test("figures never fall under zero, and a count is shared by those who want it at once", async () => {
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
