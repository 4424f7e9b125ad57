/**
 * How fast one connection is, to tell a slow and steady one from one that is only beginning.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

/** Below this, in bytes per second, several connections may be faster than one; above it, one keeps a thread busy. */
const SLOW = 250_000_000;
/** A speed that still grows by more than this says that the connection is not at its end yet. */
const STEADY = 1.3;

/** Watches reads: call {@linkcode Speedometer.enter} before one and {@linkcode Speedometer.leave} after it. */
export class Speedometer {
  readonly #clock: Clock;
  readonly #window: number;
  #since = 0;
  #waited = 0;
  #bytes = 0;
  #last = 0;

  /** @param window how long a speed is taken over, in milliseconds of waiting for the network */
  constructor(clock: Clock, window: number) {
    this.#clock = clock;
    this.#window = window;
  }

  /** A read begins. */
  enter(): void {
    this.#since = this.#clock.elapsed();
  }

  /** A read has ended with so many bytes. Gives the speed, in bytes per second, once it is slow and steady. */
  leave(bytes: number): number | undefined {
    this.#waited += this.#clock.elapsed() - this.#since;
    this.#bytes += bytes;
    if (this.#waited < this.#window) return undefined;
    const speed = this.#bytes * 1000 / this.#waited;
    const last = this.#last;
    this.#last = speed;
    this.#waited = 0;
    this.#bytes = 0;
    return last > 0 && speed < SLOW && speed < last * STEADY ? speed : undefined;
  }
}
