/**
 * How fast one connection is, to tell a slow and steady one from one that is only beginning.
 *
 * @module
 */
import { SlidingRate } from "../../base/sliding_rate.ts";
import type { Clock } from "../../http/clock.ts";

/** Below this, in bytes per second, several connections may be faster than one; above it, one keeps a thread busy. */
const SLOW = 250_000_000;
/** A speed that still grows by more than this says that the connection is not at its end yet. */
const STEADY = 1.3;

/** Watches reads: call {@linkcode ThroughputMeter.enter} before one and {@linkcode ThroughputMeter.leave} after it. */
export class ThroughputMeter {
  readonly #clock: Clock;
  readonly #window: SlidingRate;
  #since = 0;
  #last = 0;

  /** @param window how long a speed is taken over, in milliseconds of waiting for the network */
  constructor(clock: Clock, window: number) {
    this.#clock = clock;
    this.#window = new SlidingRate(window);
  }

  /** A read begins. */
  enter(): void {
    this.#since = this.#clock.elapsed();
  }

  /** A read has ended with so many bytes. Gives the speed, in bytes per second, once it is slow and steady. */
  leave(bytes: number): number | undefined {
    const speed = this.#window.add(bytes, this.#clock.elapsed() - this.#since);
    if (speed === undefined) return undefined;
    const last = this.#last;
    this.#last = speed;
    return last > 0 && speed < SLOW && speed < last * STEADY ? speed : undefined;
  }
}
