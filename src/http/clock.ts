/**
 * Time and chance as arguments, so that waits can be tested without waiting.
 *
 * @module
 */
import { sleep } from "../base/abort.ts";
import { after } from "../base/timer.ts";

/** What this room needs to know of time. */
export interface Clock {
  /** Milliseconds since 1970: for dates that hosts send. */
  now(): number;
  /** Milliseconds that only ever grow: for durations. */
  elapsed(): number;
  /** From 0 (included) to 1 (excluded). */
  random(): number;
  /** Waits. @throws the signal's reason */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `act` once after `ms` milliseconds, unless the returned function is called before. */
  after(ms: number, act: () => void): () => void;
}

/** The clock of the machine. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => Math.random(),
  sleep,
  after,
};
