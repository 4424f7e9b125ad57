/**
 * Timers that don't slow down a short run.
 *
 * @module
 */

/** The number of timers that use a signal; later ones use `setTimeout`. */
const SIGNAL_TIMERS_MAX = 256;

/** The longest delay that the runtime supports, in milliseconds: 24 days. */
const DELAY_MAX_MS = 2 ** 31 - 1;

let created = 0;

/**
 * Calls `run` once after `ms` milliseconds, unless the returned function is called before. A pending timer
 * keeps the process alive.
 *
 * The first `setTimeout` or `clearTimeout` of a process loads code for 5 ms and causes 3 ms of garbage
 * collection; `AbortSignal.timeout` doesn't. But a cancelled signal timer stays in memory until its time, so
 * their number is limited.
 */
export function after(ms: number, run: () => void): () => void {
  // A signal rejects infinite and negative delays.
  const delay = Math.min(Math.max(0, ms), DELAY_MAX_MS);
  if (created++ >= SIGNAL_TIMERS_MAX) {
    const timer = setTimeout(run, delay);
    return () => clearTimeout(timer);
  }
  const signal = AbortSignal.timeout(delay);
  const listener = () => run();
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}
