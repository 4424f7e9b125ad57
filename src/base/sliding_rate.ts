/**
 * How fast bytes come.
 *
 * @module
 */

/** Takes the speed over one window of time after the other. */
export class SlidingRate {
  readonly #window: number;
  #ms = 0;
  #bytes = 0;

  /** @param window the least time that a speed is taken over, in milliseconds */
  constructor(window: number) {
    this.#window = window;
  }

  /** So many bytes came in so many more milliseconds. Gives bytes per second once a window is full, and begins the next. */
  add(bytes: number, ms: number): number | undefined {
    this.#bytes += bytes;
    this.#ms += ms;
    if (this.#ms < this.#window) return undefined;
    const speed = this.#bytes * 1000 / this.#ms;
    this.#bytes = 0;
    this.#ms = 0;
    return speed;
  }
}
