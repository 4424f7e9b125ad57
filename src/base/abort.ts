/**
 * Waiting that can be given up. The signal is always an argument and never a field.
 *
 * @module
 */
import { after } from "./timer.ts";

/**
 * Resolves after `ms` milliseconds, or rejects with the signal's own reason, unwrapped, as soon as it aborts.
 *
 * @throws the signal's reason
 */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const disarm = after(ms, finish);
    signal.addEventListener("abort", stop, { once: true });
    function finish() {
      signal.removeEventListener("abort", stop);
      resolve();
    }
    function stop() {
      disarm();
      reject(signal.reason);
    }
  });
}

/**
 * Waits for `promise`, or for the signal, whichever comes first. The work behind the promise goes on; its late
 * failure is swallowed, since nobody is left to hear of it.
 *
 * @throws the signal's reason, or what the promise rejects with
 */
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

/** A child of a signal: aborted with it, or by its own {@linkcode AbortScope.abort}. Dispose it to unlink. */
export interface AbortScope extends Disposable {
  /** Aborted when the parent is, or when `abort` is called. */
  readonly signal: AbortSignal;
  /** Aborts the child alone. */
  abort(reason: unknown): void;
}

/**
 * Opens a child scope of `parent`. Unlike `AbortSignal.any` it holds nothing of the parent once disposed, so a
 * long-lived parent does not collect listeners.
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
