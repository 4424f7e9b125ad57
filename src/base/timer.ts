/**
 * Timers that are light to begin with.
 *
 * @module
 */

/** Timers that are made the light way; whoever makes more has time to load the others. */
const LIGHT_MAX = 256;

let made = 0;

/**
 * Calls `act` once after `ms` milliseconds, unless the returned function is called before. A timer that is waiting
 * keeps the program.
 *
 * The first `setTimeout` of a program, or `clearTimeout`, loads 5 ms of the runtime's code and leaves it 3 ms of garbage;
 * a signal with a time loads nothing. But one that was given up stays in memory until its time: hence not for all.
 */
export function after(ms: number, act: () => void): () => void {
  if (made++ >= LIGHT_MAX) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  }
  const signal = AbortSignal.timeout(ms);
  signal.addEventListener("abort", act, { once: true });
  return () => signal.removeEventListener("abort", act);
}
