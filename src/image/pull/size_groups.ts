/**
 * Groups of blobs by size. Each group has its own limit, so that no blob waits behind those of another group.
 *
 * @module
 */
import type { OnBegin } from "../../base/concurrency/limiter.ts";
import { staggeredStart } from "../../base/concurrency/slow_start.ts";
import {
  LATENCY_BOUND_MAX_BYTES,
  LATENCY_BOUND_WORKERS,
  PIPELINED_MAX_BYTES,
  PIPELINED_WORKERS,
  STAGGERED_START_STEP,
} from "../../base/tuning.ts";
import type { Descriptor } from "../../oci/descriptor.ts";

/** Blobs of one group, and how many of them are fetched in parallel. */
export interface SizeGroup<T> {
  readonly blobs: readonly T[];
  readonly workers: number;
  readonly onBegin?: OnBegin;
}

/**
 * Splits blobs into groups, each sorted by descending size: the total time is shortest if the largest blobs
 * start first.
 *
 * @param largeWorkers how many large blobs are fetched in parallel at the start
 */
export function groupBySize<T extends { readonly descriptor: Descriptor }>(
  blobs: readonly T[],
  largeWorkers: number,
): { readonly large: SizeGroup<T>; readonly others: readonly SizeGroup<T>[] } {
  const sorted = [...blobs].sort((a, b) => b.descriptor.size - a.descriptor.size);
  const between = (over: number, max: number) =>
    sorted.filter(({ descriptor: { size } }) => size > over && size <= max);
  const pipelined = between(-1, PIPELINED_MAX_BYTES);
  const { limit, onBegin } = staggeredStart(
    Math.min(pipelined.length, PIPELINED_WORKERS),
    STAGGERED_START_STEP,
  );
  return {
    large: { blobs: between(LATENCY_BOUND_MAX_BYTES, Infinity), workers: largeWorkers },
    others: [
      {
        blobs: between(PIPELINED_MAX_BYTES, LATENCY_BOUND_MAX_BYTES),
        workers: Math.max(largeWorkers, LATENCY_BOUND_WORKERS),
      },
      { blobs: pipelined, workers: limit, onBegin },
    ],
  };
}
