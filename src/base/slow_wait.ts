/**
 * Speaking of a wait that takes long.
 *
 * @module
 */
import { after } from "./timer.ts";

/** Waits that are shorter are over before anybody has read of them, in milliseconds. */
const PATIENCE_MS = 1000;

/** Hears that a wait takes long. It must return quickly and must not throw. */
export type OnSlowWait = () => void;

/** Calls `tell` once, unless it is disposed within a second. */
export function notifySlowWait(tell: OnSlowWait | undefined): Disposable {
  const disarm = tell === undefined ? undefined : after(PATIENCE_MS, tell);
  return { [Symbol.dispose]: () => disarm?.() };
}
