/**
 * Throughput over windows of time.
 *
 * @module
 */

/** Measures throughput over consecutive windows of at least a given length. */
export class SlidingRate {
  readonly #windowMs: number;
  #ms = 0;
  #bytes = 0;
  #latest = 0;

  /** @param windowMs the minimum length of a window, in milliseconds */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Bytes per second in the last complete window; 0 before the first. */
  get latest(): number {
    return this.#latest;
  }

  /**
   * Records bytes that were received.
   *
   * @param ms the time since the previous call, in milliseconds, without the time that shouldn't count
   * @returns bytes per second if this completes a window; the next window starts then
   */
  add(bytes: number, ms: number): number | undefined {
    this.#bytes += bytes;
    this.#ms += ms;
    if (this.#ms < this.#windowMs) return undefined;
    this.#latest = this.#bytes * 1000 / this.#ms;
    this.#bytes = 0;
    this.#ms = 0;
    return this.#latest;
  }
}
