/**
 * How long to wait between attempts.
 *
 * @module
 */

/** The shape of an exponential back-off. */
export interface Backoff {
  /** Milliseconds before the second attempt, before jitter. */
  readonly first: number;
  /** The longest wait, in milliseconds. */
  readonly most: number;
}

/**
 * Milliseconds to wait before attempt `attempt` + 1: doubled each time, capped, and then drawn from the upper half,
 * so that clients that failed together do not come back together.
 *
 * @param attempt attempts that failed so far, from 1
 * @param random from 0 (included) to 1 (excluded)
 */
export function backoffDelay(backoff: Backoff, attempt: number, random: () => number = Math.random): number {
  const full = Math.min(backoff.most, backoff.first * 2 ** (attempt - 1));
  return full / 2 + random() * full / 2;
}
