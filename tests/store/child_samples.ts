/**
 * The samples that child processes write, so that the parent can check them.
 *
 * @module
 */
import { type Sample, sampleOf } from "../contract/samples.ts";

/** Sizes on both sides of the limit of small ingests. */
const SMALL_BYTES = 3000;
const LARGE_BYTES = 2_200_000;

/** Returns the sample of a number. Small and large ones alternate. */
export function childSample(
  i: number,
  size: number = i % 2 === 0 ? LARGE_BYTES : SMALL_BYTES,
): Promise<Sample> {
  return sampleOf(size, i);
}

/** Returns the name of a sample's record. */
export function nameOfSample(i: number): string {
  return `docker.io/library/sample:${i}`;
}
