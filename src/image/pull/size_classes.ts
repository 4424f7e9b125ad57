/**
 * Large, small and tiny blobs: each kind has a bound of its own, so that none waits behind another.
 *
 * @module
 */
import { KIB, MIB } from "../../base/bytes.ts";
import type { OnBegin } from "../../base/limiter.ts";
import { staggeredStart } from "../../base/slow_start.ts";
import type { Descriptor } from "../../oci/descriptor.ts";

/** Blobs up to this size spend their time in round trips and syncs, not in bytes: many of them go at once. */
const SMALL_MAX_BYTES = 4 * MIB;

/** Small blobs at once: what hides a round trip and stays polite. */
const SMALL_JOBS = 16;

/** Blobs up to this size are next to nothing but a round trip and a sync. */
export const TINY_MAX_BYTES = 64 * KIB;

/** Tiny blobs at once: the client lines them up on few connections, and their syncs are shared. */
const TINY_JOBS = 128;

/** Tiny blobs that begin in one turn of the event loop: opening a file takes a quarter of a millisecond. */
const TINY_STEP = 8;

/** Blobs of one kind, and how many of them may be brought at once. */
export interface SizeClass<T> {
  readonly jobs: readonly T[];
  readonly limit: number;
  readonly onBegin?: OnBegin;
}

/**
 * Sorts blobs by kind; within each the largest come first, since the last one to end decides.
 *
 * @param largeJobs how many large ones may be brought at once
 */
export function bySize<T extends { readonly descriptor: Descriptor }>(
  blobs: readonly T[],
  largeJobs: number,
): { readonly large: SizeClass<T>; readonly others: readonly SizeClass<T>[] } {
  const sorted = [...blobs].sort((a, b) => b.descriptor.size - a.descriptor.size);
  const between = (over: number, most: number) =>
    sorted.filter(({ descriptor: { size } }) => size > over && size <= most);
  const tiny = between(-1, TINY_MAX_BYTES);
  return {
    large: { jobs: between(SMALL_MAX_BYTES, Infinity), limit: largeJobs },
    others: [
      { jobs: between(TINY_MAX_BYTES, SMALL_MAX_BYTES), limit: Math.max(largeJobs, SMALL_JOBS) },
      { jobs: tiny, ...staggeredStart(Math.min(tiny.length, TINY_JOBS), TINY_STEP) },
    ],
  };
}
