/**
 * Delays between attempts. `@std/async` doesn't export the delays of its `retry`.
 *
 * @module
 */

/** Parameters of an exponential back-off. */
export interface Backoff {
  /** Milliseconds before the second attempt, without jitter. */
  readonly first: number;
  /** The longest delay, in milliseconds. */
  readonly most: number;
}

/**
 * Milliseconds to wait before attempt `attempt` + 1: doubled each time, capped, and then chosen at random
 * from the upper half, so that clients that failed together don't retry together.
 *
 * @param attempt number of failed attempts, from 1
 * @param random returns a number from 0 (inclusive) to 1 (exclusive)
 */
export function backoffDelay(backoff: Backoff, attempt: number, random: () => number = Math.random): number {
  const full = Math.min(backoff.most, backoff.first * 2 ** (attempt - 1));
  return full / 2 + random() * full / 2;
}
