/**
 * A floor under the speed of one connection. Only the time spent waiting for the network counts: a consumer that
 * takes long to write or sync is not the host's fault.
 *
 * @module
 */
import type { Clock } from "../../http/clock.ts";

/** What is too slow. */
export interface StallLimits {
  /** Bytes per second. */
  readonly floor: number;
  /** Milliseconds of network wait over which the speed is taken. */
  readonly window: number;
}

/** A timer this late, in milliseconds, says that the process itself stood still (a blocking write, a suspend). */
const LATE_MS = 1_000;

/** The window slides in so many steps: a stall is seen that much of a window later than it could be. */
const STEPS = 6;

const NOT_WAITING = -1;

/** What came in one step, and what was waited for it. */
interface Step {
  readonly bytes: number;
  readonly waited: number;
}

/**
 * Watches one connection: call {@linkcode StallWatch.enter} before a read and {@linkcode StallWatch.leave} after it.
 * There is one timer a step of the window, not one a read. Dispose it with the connection.
 */
export class StallWatch implements Disposable {
  readonly #limits: StallLimits;
  readonly #clock: Clock;
  readonly #onStall: (bytesPerSecond: number) => void;
  #disarm: (() => void) | undefined;
  #dueAt = 0;
  /** The steps of the window that are over; less than all until it is full. */
  #past: readonly Step[] = [];
  /** Of this step: what came, and the network wait of the reads that ended. */
  #bytes = 0;
  #waited = 0;
  /** Of the read under way. */
  #noted = 0;
  /** When the read under way began. */
  #since = NOT_WAITING;
  #isSuspect = false;
  #isOver = false;

  /** @param onStall called once, with the speed over the window that was too slow */
  constructor(limits: StallLimits, clock: Clock, onStall: (bytesPerSecond: number) => void) {
    this.#limits = limits;
    this.#clock = clock;
    this.#onStall = onStall;
  }

  /** A read begins to wait for the network. */
  enter(): void {
    this.#since = this.#clock.elapsed();
    if (this.#disarm === undefined && !this.#isOver) this.#arm(this.#stepTime - this.#waited);
  }

  /** So many bytes have come, and the read waits for more. */
  note(bytes: number): void {
    this.#bytes += bytes;
    this.#noted += bytes;
  }

  /** The read has ended with so many bytes, those that were noted among them. */
  leave(bytes: number): void {
    this.#waited += this.#clock.elapsed() - this.#since;
    this.#since = NOT_WAITING;
    // A read that failed gives nothing, but what was noted did come.
    this.#bytes += Math.max(0, bytes - this.#noted);
    this.#noted = 0;
  }

  /** Stops watching. */
  [Symbol.dispose](): void {
    this.#disarm?.();
    this.#disarm = undefined;
    this.#isOver = true;
  }

  get #stepTime(): number {
    return this.#limits.window / STEPS;
  }

  #arm(ms: number): void {
    const wait = Math.max(0, ms);
    this.#dueAt = this.#clock.elapsed() + wait;
    this.#disarm = this.#clock.after(wait, () => this.#look());
  }

  #look(): void {
    this.#disarm = undefined;
    const now = this.#clock.elapsed();
    const isWaiting = this.#since !== NOT_WAITING;
    // What the process slept through says nothing of the host: the bytes may lie in the kernel, unread.
    if (now - this.#dueAt > LATE_MS) return this.#beginStep([], now, isWaiting);
    const step = { bytes: this.#bytes, waited: this.#waited + (isWaiting ? now - this.#since : 0) };
    if (step.waited < this.#stepTime) {
      if (isWaiting) this.#arm(this.#stepTime - step.waited);
      return;
    }
    const window = [...this.#past, step];
    if (window.length < STEPS) return this.#beginStep(window, now, isWaiting);
    const speed = speedOf(window);
    if (speed >= this.#limits.floor) return this.#beginStep(window.slice(1), now, isWaiting);
    if (this.#isSuspect) {
      this.#isOver = true;
      return this.#onStall(speed);
    }
    // Timers run before arrived bytes are handed out: the verdict waits for one more turn.
    this.#isSuspect = true;
    this.#arm(0);
  }

  #beginStep(past: readonly Step[], now: number, isWaiting: boolean): void {
    this.#past = past;
    this.#bytes = 0;
    this.#waited = 0;
    this.#isSuspect = false;
    if (!isWaiting) return;
    this.#since = now;
    this.#arm(this.#stepTime);
  }
}

/** Bytes per second. */
function speedOf(steps: readonly Step[]): number {
  const bytes = steps.reduce((sum, step) => sum + step.bytes, 0);
  return bytes * 1000 / steps.reduce((sum, step) => sum + step.waited, 0);
}
