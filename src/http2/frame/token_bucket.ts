/**
 * Rate limiting.
 *
 * @module
 */

/** The rate that a {@linkcode TokenBucket} allows. */
export interface Rate {
  /** Events that are allowed in a row. */
  readonly burst: number;
  /** Events that are allowed per second after that. */
  readonly perSecond: number;
}

/** Contains up to `burst` tokens and gains `perSecond` tokens per second. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #filledAt: number;

  /** Creates a full bucket. @param now milliseconds of a monotonic clock */
  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#filledAt = now;
  }

  /** Adds tokens, up to the burst. */
  give(tokens: number): void {
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + tokens);
  }

  /** Takes a token; returns false if the bucket is empty. @param now milliseconds of the same clock */
  take(now: number): boolean {
    const gained = (now - this.#filledAt) / 1000 * this.#rate.perSecond;
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + gained);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
