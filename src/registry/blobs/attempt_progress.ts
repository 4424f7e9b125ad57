/**
 * Progress of a body over several connections.
 *
 * @module
 */
import type { Clock } from "../../http/clock.ts";
import type { StallLimits } from "../request/stall.ts";

/** When a body that makes progress in each attempt is still too slow. */
export interface ProgressLimits extends StallLimits {
  /** Windows in sequence that may be too slow. */
  readonly attempts: number;
}

/**
 * Ends downloads that would never end: an attempt that delivers a few bytes isn't a failure, but a host that
 * closes each connection after a few bytes must not keep a pull running forever.
 */
export class AttemptProgress {
  readonly #limits: ProgressLimits;
  readonly #clock: Clock;
  #startedAt: number;
  #startOffset: number;
  #slowWindows = 0;

  /** @param offset of the first byte */
  constructor(limits: ProgressLimits, clock: Clock, offset: number) {
    this.#limits = limits;
    this.#clock = clock;
    this.#startedAt = clock.elapsed();
    this.#startOffset = offset;
  }

  /**
   * Call it after each attempt that delivered bytes.
   *
   * @param offset of the next byte
   * @returns whether the throughput, waits included, was below the limit for as many windows as attempts
   */
  isTooSlow(offset: number): boolean {
    const ms = this.#clock.elapsed() - this.#startedAt;
    if (ms < this.#limits.windowMs) return false;
    const isSlow = (offset - this.#startOffset) * 1000 < this.#limits.minRate * ms;
    this.#slowWindows = isSlow ? this.#slowWindows + 1 : 0;
    this.#startedAt = this.#clock.elapsed();
    this.#startOffset = offset;
    return this.#slowWindows >= this.#limits.attempts;
  }
}
