/**
 * What the child processes write, so that the parent can tell what must be there.
 *
 * @module
 */
import { type Sample, sampleOf } from "../contract/samples.ts";

/** Sizes on both sides of the one up to which an ingest takes the short way. */
const SMALL_BYTES = 3000;
const LARGE_BYTES = 2_200_000;

/** The sample of a number: small and large ones take turns. */
export function childSample(
  i: number,
  size: number = i % 2 === 0 ? LARGE_BYTES : SMALL_BYTES,
): Promise<Sample> {
  return sampleOf(size, i);
}

/** The name under which a sample is recorded. */
export function nameOfSample(i: number): string {
  return `docker.io/library/sample:${i}`;
}
