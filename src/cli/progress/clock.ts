/**
 * Time for the progress, so that tests can have their own.
 *
 * @module
 */

/** Tells the time and ticks. */
export interface Ticker {
  /** Milliseconds since some moment. */
  now(): number;
  /** Calls `tick` every `ms` milliseconds until the returned function is called. */
  every(ms: number, tick: () => void): () => void;
}

/** The clock of the machine. */
export const SYSTEM_TICKER: Ticker = {
  now: () => performance.now(),
  every(ms, tick) {
    const timer = setInterval(tick, ms);
    return () => clearInterval(timer);
  },
};
