/**
 * A clock that tests move by hand.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

interface Timer {
  readonly dueAt: number;
  readonly act: () => void;
}

/** Sleeps end at once, and time has passed then. Timers fire only in `advance`. */
export class TestClock implements Clock {
  /** Every sleep, in milliseconds. */
  readonly slept: number[] = [];
  #elapsed = 0;
  readonly #start: number;
  readonly #timers = new Set<Timer>();
  readonly #waiting: (() => void)[] = [];

  /** @param start milliseconds since 1970 */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#start = start;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  random(): number {
    return 0.5;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    this.slept.push(ms);
    this.#elapsed += ms;
    return Promise.resolve();
  }

  after(ms: number, act: () => void): () => void {
    const timer: Timer = { dueAt: this.#elapsed + ms, act };
    this.#timers.add(timer);
    this.#waiting.splice(0).forEach((resolve) => resolve());
    return () => this.#timers.delete(timer);
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Resolves as soon as a timer is set. */
  async untilTimer(): Promise<void> {
    if (this.#timers.size === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Lets time pass; each timer fires at its moment. */
  advance(ms: number): void {
    const end = this.#elapsed + ms;
    for (;;) {
      const next = [...this.#timers].filter(({ dueAt }) => dueAt <= end).sort((a, b) => a.dueAt - b.dueAt)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#elapsed = Math.max(this.#elapsed, next.dueAt);
      next.act();
    }
    this.#elapsed = end;
  }

  /** Lets time pass while the process stands still: all timers fire late, at the end. */
  freeze(ms: number): void {
    this.#elapsed += ms;
    this.advance(0);
  }
}
