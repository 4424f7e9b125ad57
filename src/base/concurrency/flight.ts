/**
 * Single flight: one shared run per key.
 *
 * @module
 */
import { abortable } from "./abort.ts";

interface Run<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  waiters: number;
}

/**
 * Shares one run among all callers that request the same key while it is in progress. Each caller stops
 * waiting when its own signal aborts; the run is aborted only when the last caller has left.
 */
export class Flight<T> {
  readonly #runs = new Map<string, Run<T>>();

  /**
   * Joins the run for `key`, or starts it.
   *
   * @param work gets the run's own signal, not that of a caller
   * @throws the caller's own reason if its signal aborts, otherwise the failure of the run
   */
  async do(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const run = this.#runs.get(key) ?? this.#start(key, work);
    run.waiters++;
    try {
      return await abortable(run.result, signal);
    } finally {
      run.waiters--;
      if (run.waiters === 0) {
        // A later caller must not join a run that is being aborted.
        if (this.#runs.get(key) === run) this.#runs.delete(key);
        run.controller.abort(signal.reason);
      }
    }
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Run<T> {
    const controller = new AbortController();
    const result = work(controller.signal);
    const run: Run<T> = { result, controller, waiters: 0 };
    this.#runs.set(key, run);
    const forget = () => {
      if (this.#runs.get(key) === run) this.#runs.delete(key);
    };
    result.then(forget, forget);
    return run;
  }
}
