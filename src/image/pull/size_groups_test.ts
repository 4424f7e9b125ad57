import { KIB, MIB } from "../../base/bytes.ts";
import { assertEquals } from "../../../tests/assert.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { groupBySize } from "./size_groups.ts";

function sizes(groups: ReturnType<typeof group>) {
  return [groups.large, ...groups.others].map(({ blobs }) => blobs.map(({ descriptor }) => descriptor.size));
}

function group(blobs: readonly number[], largeWorkers = 6) {
  return groupBySize(blobs.map((size) => ({ descriptor: { size } as Descriptor })), largeWorkers);
}

Deno.test("groupBySize() puts each blob into one group, in descending size", () => {
  assertEquals(sizes(group([0, 64 * KIB, 64 * KIB + 1, 4 * MIB, 4 * MIB + 1, 5 * MIB])), [
    [5 * MIB, 4 * MIB + 1],
    [4 * MIB, 64 * KIB + 1],
    [64 * KIB, 0],
  ]);
});

Deno.test("groupBySize() uses the caller's limit for large blobs, and at least that for smaller ones", () => {
  const limits = (largeWorkers: number) => {
    const { large, others } = group([], largeWorkers);
    return [large, ...others].map(({ workers }) => workers).slice(0, 2);
  };
  assertEquals(limits(6), [6, 16]);
  assertEquals(limits(30), [30, 30]);
});

Deno.test("groupBySize() starts few of the smallest blobs immediately, however many there are", () => {
  const first = (count: number) => group(Array.from({ length: count }, () => KIB)).others[1]?.workers;
  assertEquals([first(3), first(200)], [3, 8]);
});
