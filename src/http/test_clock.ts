/**
 * A clock that tests advance explicitly.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

interface Timer {
  readonly dueAt: number;
  readonly act: () => void;
}

/** `sleep` advances the clock and returns immediately. Timers fire only in `advance`. */
export class TestClock implements Clock {
  /** The duration of each sleep, in milliseconds. */
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

  /** The number of pending timers. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Resolves once a timer is pending. */
  async untilTimer(): Promise<void> {
    if (this.#timers.size === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Advances the clock; each timer fires when it is due. */
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

  /** Advances the clock as if the process were suspended: all due timers fire at the end. */
  freeze(ms: number): void {
    this.#elapsed += ms;
    this.advance(0);
  }
}
