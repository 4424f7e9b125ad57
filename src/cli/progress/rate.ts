/**
 * Measures throughput.
 *
 * @module
 */

/** A shorter window makes the rate jump; a longer one makes it lag. */
const WINDOW_MS = 4000;
/** Samples closer together than this are merged, so that a fast transfer doesn't keep thousands of them. */
const SLOT_MS = 100;

/** Measures bytes per second over the last few seconds. */
export class RateMeter {
  #slots: { readonly at: number; bytes: number }[] = [];

  /** Counts bytes received at `now`. */
  add(bytes: number, now: number): void {
    if (bytes === 0) return;
    const last = this.#slots.at(-1);
    if (last !== undefined && now - last.at < SLOT_MS) last.bytes += bytes;
    else this.#slots.push({ at: now, bytes });
    this.#dropOld(now);
  }

  /** Bytes per second over the window, or since the first byte if that is later; 0 without any bytes. */
  perSecond(now: number): number {
    this.#dropOld(now);
    const [first] = this.#slots;
    if (first === undefined) return 0;
    const bytes = this.#slots.reduce((sum, slot) => sum + slot.bytes, 0);
    return bytes * 1000 / Math.max(1000, now - first.at);
  }

  #dropOld(now: number): void {
    const start = this.#slots.findIndex(({ at }) => at > now - WINDOW_MS);
    if (start !== 0) this.#slots = start < 0 ? [] : this.#slots.slice(start);
  }
}
