/**
 * How fast bytes come.
 *
 * @module
 */

/** Shorter, and the figure jumps; longer, and it lags behind what happens. */
const WINDOW_MS = 4000;
/** Samples closer together than this are one, so that a fast transfer keeps no thousands of them. */
const SLOT_MS = 100;

/** Measures bytes per second over the last few seconds. */
export class RateMeter {
  #slots: { readonly at: number; bytes: number }[] = [];

  /** Counts bytes that came at `now`. */
  add(bytes: number, now: number): void {
    if (bytes === 0) return;
    const last = this.#slots.at(-1);
    if (last !== undefined && now - last.at < SLOT_MS) last.bytes += bytes;
    else this.#slots.push({ at: now, bytes });
    this.#forget(now);
  }

  /** Bytes per second over the window, or since the first byte if that is younger; 0 if nothing came. */
  perSecond(now: number): number {
    this.#forget(now);
    const [first] = this.#slots;
    if (first === undefined) return 0;
    const bytes = this.#slots.reduce((sum, slot) => sum + slot.bytes, 0);
    return bytes * 1000 / Math.max(1000, now - first.at);
  }

  #forget(now: number): void {
    const gone = this.#slots.findIndex(({ at }) => at > now - WINDOW_MS);
    if (gone !== 0) this.#slots = gone < 0 ? [] : this.#slots.slice(gone);
  }
}
