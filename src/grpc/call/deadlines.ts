/**
 * Deadlines of calls. Nearly every call has one and nearly none meets it, so calls share timers: setting and
 * clearing one of their own costs as much as a tenth of a small call.
 *
 * @module
 */

/** Deadlines further away than this are rounded up to a coarse step. */
const FAR_MS = 1000;
const FAR_STEP_MS = 64;
/** The longest delay that a timer can have; beyond it (24 days) there is no deadline. */
const TIMER_MAX_MS = 0x7fff_ffff;

interface Slot {
  readonly timer: ReturnType<typeof setTimeout>;
  readonly waiting: Set<() => void>;
}

/** Takes a deadline back. */
export type CancelDeadline = () => void;

/** Runs callbacks when their time has come; at most 1 ms late when near, 64 ms when far. */
export class Deadlines {
  readonly #slots = new Map<number, Slot>();

  /**
   * Calls `passed` in `ms` milliseconds.
   *
   * @param now milliseconds of `performance.now()`
   */
  add(ms: number, now: number, passed: () => void): CancelDeadline {
    if (ms > TIMER_MAX_MS) return () => {};
    const step = ms > FAR_MS ? FAR_STEP_MS : 1;
    const at = Math.ceil((now + ms) / step) * step;
    const { waiting } = this.#slots.get(at) ?? this.#open(at, now);
    waiting.add(passed);
    return () => waiting.delete(passed);
  }

  /** Drops all deadlines. */
  close(): void {
    for (const { timer } of this.#slots.values()) clearTimeout(timer);
    this.#slots.clear();
  }

  #open(at: number, now: number): Slot {
    const timer = setTimeout(() => {
      this.#slots.delete(at);
      for (const passed of slot.waiting) passed();
    }, at - now);
    const slot: Slot = { timer, waiting: new Set() };
    this.#slots.set(at, slot);
    return slot;
  }
}
