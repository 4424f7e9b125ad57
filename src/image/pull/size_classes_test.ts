import { KIB, MIB } from "../../base/bytes.ts";
import { assertEquals } from "../../../tests/assert.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { bySize } from "./size_classes.ts";

function sizes(classes: ReturnType<typeof classify>) {
  return [classes.large, ...classes.others].map(({ jobs }) => jobs.map(({ descriptor }) => descriptor.size));
}

function classify(blobs: readonly number[], largeJobs = 6) {
  return bySize(blobs.map((size) => ({ descriptor: { size } as Descriptor })), largeJobs);
}

Deno.test("bySize() puts each blob into one kind, the largest first", () => {
  assertEquals(sizes(classify([0, 64 * KIB, 64 * KIB + 1, 4 * MIB, 4 * MIB + 1, 5 * MIB])), [
    [5 * MIB, 4 * MIB + 1],
    [4 * MIB, 64 * KIB + 1],
    [64 * KIB, 0],
  ]);
});

Deno.test("bySize() takes the caller's bound for large blobs, and no smaller one for small blobs", () => {
  const limits = (jobs: number) => {
    const { large, others } = classify([], jobs);
    return [large, ...others].map(({ limit }) => limit).slice(0, 2);
  };
  assertEquals(limits(6), [6, 16]);
  assertEquals(limits(30), [30, 30]);
});

Deno.test("bySize() lets few tiny blobs begin at once, however many there are", () => {
  const first = (count: number) => classify(Array.from({ length: count }, () => KIB)).others[1]?.limit;
  assertEquals([first(3), first(200)], [3, 8]);
});
