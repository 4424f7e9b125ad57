/**
 * Time and randomness as a parameter, for tests that don't wait.
 *
 * @module
 */
import { sleep } from "../base/concurrency/abort.ts";
import { after } from "../base/concurrency/timer.ts";

/** A clock with timers and a random number generator. */
export interface Clock {
  /** Milliseconds since 1970, to compare with dates of hosts. */
  now(): number;
  /** Monotonic time in milliseconds, for durations. */
  elapsed(): number;
  /** A random number from 0 (inclusive) to 1 (exclusive). */
  random(): number;
  /** Waits `ms` milliseconds. @throws the signal's reason */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `act` once after `ms` milliseconds; the returned function cancels that. */
  after(ms: number, act: () => void): () => void;
}

/** The real clock. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => Math.random(),
  sleep,
  after,
};
