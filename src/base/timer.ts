/**
 * Timers that are light to begin with.
 *
 * @module
 */

/** Timers that are made the light way; whoever makes more has time to load the others. */
const LIGHT_MAX = 256;

/** The longest that the runtime can wait, in milliseconds: 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

let made = 0;

/**
 * Calls `act` once after `ms` milliseconds, unless the returned function is called before. A timer that is waiting
 * keeps the program.
 *
 * The first `setTimeout` of a program, or `clearTimeout`, loads 5 ms of the runtime's code and leaves it 3 ms of garbage;
 * a signal with a time loads nothing. But one that was given up stays in memory until its time: hence not for all.
 */
export function after(ms: number, act: () => void): () => void {
  // Infinity waits as long as can be; a signal refuses it, and less than nothing.
  const wait = Math.min(Math.max(0, ms), LONGEST_MS);
  if (made++ >= LIGHT_MAX) {
    const timer = setTimeout(act, wait);
    return () => clearTimeout(timer);
  }
  const signal = AbortSignal.timeout(wait);
  const call = () => act();
  signal.addEventListener("abort", call, { once: true });
  return () => signal.removeEventListener("abort", call);
}
