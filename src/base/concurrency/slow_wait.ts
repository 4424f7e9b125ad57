/**
 * Reporting slow waits.
 *
 * @module
 */
import { after } from "./timer.ts";

/** Shorter waits aren't reported, in milliseconds. */
const SLOW_WAIT_MS = 1000;

/** Called when a wait is slow. It must return quickly and must not throw. */
export type OnSlowWait = () => void;

/** Calls `onSlowWait` once, unless the result is disposed within a second. */
export function notifySlowWait(onSlowWait: OnSlowWait | undefined): Disposable {
  const cancel = onSlowWait === undefined ? undefined : after(SLOW_WAIT_MS, onSlowWait);
  return { [Symbol.dispose]: () => cancel?.() };
}
