/**
 * Deadlines of calls. Calls share timers: nearly every call has a deadline that doesn't pass, and one timer per call
 * would take a tenth of the time of a small call.
 *
 * @module
 */

/** Deadlines that are further away are rounded up to `FAR_STEP_MS`. */
const FAR_MS = 1000;
const FAR_STEP_MS = 64;
/** The longest delay of a timer (24 days); longer deadlines are ignored. */
const TIMER_MAX_MS = 0x7fff_ffff;

/**
 * Timers of deadlines beyond this are cleared as soon as no call needs them; nearer ones are left for the next call. Stops:
 * calls with different deadlines of days, each of which would leave a timer.
 */
const KEPT_TIMER_MS = 600_000;

interface Slot {
  readonly timer: ReturnType<typeof setTimeout>;
  readonly waiting: Set<() => void>;
}

/** Cancels a deadline. */
export type CancelDeadline = () => void;

/** Runs callbacks when their deadlines pass; near ones at most 1 ms late, far ones at most 64 ms late. */
export class Deadlines implements Disposable {
  readonly #slots = new Map<number, Slot>();

  /**
   * Calls `onPassed` after `ms` milliseconds.
   *
   * @param now the current time, in milliseconds of `performance.now()`
   */
  add(ms: number, now: number, onPassed: () => void): CancelDeadline {
    if (ms > TIMER_MAX_MS) return () => {};
    const step = ms > FAR_MS ? FAR_STEP_MS : 1;
    const at = Math.ceil((now + ms) / step) * step;
    const slot = this.#slots.get(at) ?? this.#open(at, now);
    slot.waiting.add(onPassed);
    return () => {
      slot.waiting.delete(onPassed);
      if (ms <= KEPT_TIMER_MS || slot.waiting.size > 0 || this.#slots.get(at) !== slot) return;
      clearTimeout(slot.timer);
      this.#slots.delete(at);
    };
  }

  /** Number of timers. */
  get timers(): number {
    return this.#slots.size;
  }

  /** Cancels all deadlines. */
  close(): void {
    for (const { timer } of this.#slots.values()) clearTimeout(timer);
    this.#slots.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(at: number, now: number): Slot {
    const timer = setTimeout(() => {
      this.#slots.delete(at);
      for (const onPassed of slot.waiting) onPassed();
    }, at - now);
    const slot: Slot = { timer, waiting: new Set() };
    this.#slots.set(at, slot);
    return slot;
  }
}
