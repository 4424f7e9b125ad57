/**
 * Waiting with cancellation. A signal is always an argument, never a field.
 *
 * `sleep` isn't `delay` of `@std/async`: that one calls `setTimeout`, whose first call costs 8 ms (see
 * `timer.ts`).
 *
 * @module
 */
import { after } from "./timer.ts";

/**
 * Resolves after `ms` milliseconds, or rejects with the signal's reason as soon as it aborts.
 *
 * @throws the signal's reason
 */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const cancel = after(ms, finish);
    signal.addEventListener("abort", stop, { once: true });
    function finish() {
      signal.removeEventListener("abort", stop);
      resolve();
    }
    function stop() {
      cancel();
      reject(signal.reason);
    }
  });
}

/**
 * Waits for `promise` or for the signal's abort, whichever comes first. The work behind the promise isn't
 * cancelled; its later failure is ignored.
 *
 * @throws the signal's reason, or the rejection of the promise
 */
// Not `abortable` of `@std/async`, which also accepts iterables: this file is loaded at every start.
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      promise.catch(() => {});
      return reject(signal.reason);
    }
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/**
 * A child of a signal: aborted with it, or by its own {@linkcode AbortScope.abort}. Dispose it to detach it.
 */
export interface AbortScope extends Disposable {
  /** Aborted when the parent is, or when `abort` is called. */
  readonly signal: AbortSignal;
  /** Aborts only the child. */
  abort(reason: unknown): void;
}

/**
 * Opens a child scope of `parent`. Unlike `AbortSignal.any`, it leaves no listener on the parent once it is
 * disposed, so that a long-lived parent doesn't collect listeners.
 */
export function abortScope(parent: AbortSignal): AbortScope {
  const controller = new AbortController();
  const follow = () => controller.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    [Symbol.dispose]: () => parent.removeEventListener("abort", follow),
  };
}

/** A signal that never aborts, for callers that have none. */
export function neverAborted(): AbortSignal {
  return new AbortController().signal;
}
