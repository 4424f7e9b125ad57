/**
 * Detects connections that are too slow. Only time spent waiting for the network counts: a slow consumer
 * isn't the host's fault.
 *
 * @module
 */
import {
  FAST_STALL_MAX_RATE,
  FAST_STALL_MIN_BYTES,
  FAST_STALL_RATIO,
  FAST_STALL_STEPS,
  STALL_WINDOW_STEPS,
  TIMER_LATE_MS,
} from "../../base/tuning.ts";
import type { Clock } from "../../http/clock.ts";

/** When a connection is too slow. */
export interface StallLimits {
  /** Bytes per second. */
  readonly minRate: number;
  /** Milliseconds of waiting for the network over which the rate is measured. */
  readonly windowMs: number;
}

/** A connection that is too slow. */
export interface Stall {
  /** Bytes per second over the window. */
  readonly rate: number;
  /** Bytes per second that were required. */
  readonly minRate: number;
  /** Milliseconds. */
  readonly windowMs: number;
  /** Whether the connection was fast before: then a shorter window is sufficient. */
  readonly wasFast: boolean;
}

const NOT_WAITING = -1;

/** Bytes received in one step of the window, and milliseconds spent waiting for them. */
interface Step {
  readonly bytes: number;
  readonly waited: number;
}

/**
 * Monitors one connection over a sliding window, and over a shorter one if it has been fast: call {@linkcode StallDetector.startRead} before a read and
 * {@linkcode StallDetector.endRead} after it. There is one timer per step of the window, not one per read.
 * Dispose it with the connection.
 */
export class StallDetector implements Disposable {
  readonly #limits: StallLimits;
  readonly #clock: Clock;
  readonly #onStall: (stall: Stall) => void;
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
  /** When the first read started, and when the last bytes arrived. */
  #firstReadAt: number | undefined;
  #lastBytesAt = 0;
  /** All bytes received. */
  #total = 0;
  #isSuspect = false;
  #isDisposed = false;

  /** @param onStall called once */
  constructor(limits: StallLimits, clock: Clock, onStall: (stall: Stall) => void) {
    this.#limits = limits;
    this.#clock = clock;
    this.#onStall = onStall;
  }

  /** A read starts to wait for the network. */
  startRead(): void {
    this.#since = this.#clock.elapsed();
    this.#firstReadAt ??= this.#since;
    if (this.#cancelTimer === undefined && !this.#isDisposed) this.#setTimer(this.#stepMs - this.#waited);
  }

  /** Records bytes that have arrived while the read waits for more. */
  record(bytes: number): void {
    this.#addBytes(bytes);
    this.#recorded += bytes;
  }

  /** The read has ended with this many bytes, including those already recorded. */
  endRead(bytes: number): void {
    this.#waited += this.#clock.elapsed() - this.#since;
    this.#since = NOT_WAITING;
    // A failed read returns no bytes, but recorded bytes have arrived.
    this.#addBytes(Math.max(0, bytes - this.#recorded));
    this.#recorded = 0;
  }

  [Symbol.dispose](): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#isDisposed = true;
  }

  #addBytes(bytes: number): void {
    if (bytes === 0) return;
    this.#bytes += bytes;
    this.#total += bytes;
    this.#lastBytesAt = this.#clock.elapsed();
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
    const stall = this.#stallOf(window);
    if (stall === undefined) return this.#startStep(window.slice(1 - STALL_WINDOW_STEPS), now, isWaiting);
    if (this.#isSuspect) {
      this.#isDisposed = true;
      return this.#onStall(stall);
    }
    // Timers run before reads complete: check again after one more turn of the event loop.
    this.#isSuspect = true;
    this.#setTimer(0);
  }

  #stallOf(window: readonly Step[]): Stall | undefined {
    const { minRate, windowMs } = this.#limits;
    const find = (steps: number, required: number): Stall | undefined => {
      if (window.length < steps) return undefined;
      const rate = rateOf(window.slice(-steps));
      if (rate >= required) return undefined;
      const wasFast = steps < STALL_WINDOW_STEPS;
      return { rate, minRate: required, windowMs: windowMs * steps / STALL_WINDOW_STEPS, wasFast };
    };
    const fastRate = this.#requiredWhenFast();
    const wasFast = minRate > 0 && fastRate > minRate;
    return find(STALL_WINDOW_STEPS, minRate) ??
      (wasFast ? find(FAST_STALL_STEPS, fastRate) : undefined);
  }

  /** The required rate in relation to the throughput until the last bytes arrived; 0 until that is known. */
  #requiredWhenFast(): number {
    if (this.#total < FAST_STALL_MIN_BYTES || this.#firstReadAt === undefined) return 0;
    // Includes the consumer's time, during which bytes arrive in buffers: without it, the rate would be too high.
    const ms = Math.max(1, this.#lastBytesAt - this.#firstReadAt);
    return Math.min(this.#total * 1000 / ms * FAST_STALL_RATIO, FAST_STALL_MAX_RATE);
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
