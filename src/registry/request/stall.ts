/**
 * Detects connections that are too slow. Only time spent waiting for the network counts: a slow consumer
 * isn't the host's fault.
 *
 * @module
 */
import { STALL_WINDOW_STEPS, TIMER_LATE_MS } from "../../base/tuning.ts";
import type { Clock } from "../../http/clock.ts";

/** When a connection is too slow. */
export interface StallLimits {
  /** Bytes per second. */
  readonly minRate: number;
  /** Milliseconds of waiting for the network over which the rate is measured. */
  readonly windowMs: number;
}

const NOT_WAITING = -1;

/** Bytes received in one step of the window, and milliseconds spent waiting for them. */
interface Step {
  readonly bytes: number;
  readonly waited: number;
}

/**
 * Monitors one connection over a sliding window: call {@linkcode StallDetector.startRead} before a read and
 * {@linkcode StallDetector.endRead} after it. There is one timer per step of the window, not one per read.
 * Dispose it with the connection.
 */
export class StallDetector implements Disposable {
  readonly #limits: StallLimits;
  readonly #clock: Clock;
  readonly #onStall: (bytesPerSecond: number) => void;
  #cancelTimer: (() => void) | undefined;
  #dueAt = 0;
  /** The complete steps of the window; fewer than all until it is full. */
  #past: readonly Step[] = [];
  /** Bytes of the current step, and the time its completed reads waited. */
  #bytes = 0;
  #waited = 0;
  /** Bytes that the pending read has recorded. */
  #recorded = 0;
  /** When the pending read started. */
  #since = NOT_WAITING;
  #isSuspect = false;
  #isDisposed = false;

  /** @param onStall called once, with the rate over the window */
  constructor(limits: StallLimits, clock: Clock, onStall: (bytesPerSecond: number) => void) {
    this.#limits = limits;
    this.#clock = clock;
    this.#onStall = onStall;
  }

  /** A read starts to wait for the network. */
  startRead(): void {
    this.#since = this.#clock.elapsed();
    if (this.#cancelTimer === undefined && !this.#isDisposed) this.#setTimer(this.#stepMs - this.#waited);
  }

  /** Records bytes that have arrived while the read waits for more. */
  record(bytes: number): void {
    this.#bytes += bytes;
    this.#recorded += bytes;
  }

  /** The read has ended with this many bytes, including those already recorded. */
  endRead(bytes: number): void {
    this.#waited += this.#clock.elapsed() - this.#since;
    this.#since = NOT_WAITING;
    // A failed read returns no bytes, but recorded bytes have arrived.
    this.#bytes += Math.max(0, bytes - this.#recorded);
    this.#recorded = 0;
  }

  [Symbol.dispose](): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#isDisposed = true;
  }

  get #stepMs(): number {
    return this.#limits.windowMs / STALL_WINDOW_STEPS;
  }

  #setTimer(ms: number): void {
    const wait = Math.max(0, ms);
    this.#dueAt = this.#clock.elapsed() + wait;
    this.#cancelTimer = this.#clock.after(wait, () => this.#check());
  }

  #check(): void {
    this.#cancelTimer = undefined;
    const now = this.#clock.elapsed();
    const isWaiting = this.#since !== NOT_WAITING;
    // If the process itself was blocked or suspended, bytes may be unread in the kernel: start a new window.
    if (now - this.#dueAt > TIMER_LATE_MS) return this.#startStep([], now, isWaiting);
    const step = { bytes: this.#bytes, waited: this.#waited + (isWaiting ? now - this.#since : 0) };
    if (step.waited < this.#stepMs) {
      if (isWaiting) this.#setTimer(this.#stepMs - step.waited);
      return;
    }
    const window = [...this.#past, step];
    if (window.length < STALL_WINDOW_STEPS) return this.#startStep(window, now, isWaiting);
    const rate = rateOf(window);
    if (rate >= this.#limits.minRate) return this.#startStep(window.slice(1), now, isWaiting);
    if (this.#isSuspect) {
      this.#isDisposed = true;
      return this.#onStall(rate);
    }
    // Timers run before reads complete: check again after one more turn of the event loop.
    this.#isSuspect = true;
    this.#setTimer(0);
  }

  #startStep(past: readonly Step[], now: number, isWaiting: boolean): void {
    this.#past = past;
    this.#bytes = 0;
    this.#waited = 0;
    this.#isSuspect = false;
    if (!isWaiting) return;
    this.#since = now;
    this.#setTimer(this.#stepMs);
  }
}

/** Bytes per second. */
function rateOf(steps: readonly Step[]): number {
  const bytes = steps.reduce((sum, step) => sum + step.bytes, 0);
  return bytes * 1000 / steps.reduce((sum, step) => sum + step.waited, 0);
}
