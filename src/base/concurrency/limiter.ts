/**
 * Bounded parallelism.
 *
 * @module
 */
import { abortScope } from "./abort.ts";

/** Grants a fixed number of slots in the order of the calls. */
export class Limiter {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param slots how many may be in use at the same time, at least 1 */
  constructor(slots: number) {
    this.#free = slots;
  }

  /**
   * Waits for a slot. Dispose the result to release the slot; disposing it again does nothing.
   *
   * @throws the signal's reason
   */
  async acquire(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    let isReleased = false;
    return {
      [Symbol.dispose]: () => {
        if (isReleased) return;
        isReleased = true;
        this.#release();
      },
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const grant = () => {
        signal.removeEventListener("abort", cancel);
        resolve();
      };
      const cancel = () => {
        this.#waiting.splice(this.#waiting.indexOf(grant), 1);
        reject(signal.reason);
      };
      this.#waiting.push(grant);
      signal.addEventListener("abort", cancel, { once: true });
    });
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}

/** See {@linkcode mapBounded}. */
export type OnBegin = (raise: (by: number) => void) => (() => void) | void;

/**
 * Runs `work` for each item, at most `limit` in parallel, and keeps the order of the results. The first
 * failure aborts the other items. It is thrown only after all of them have ended, so that nothing keeps
 * running in the background.
 *
 * @param onBegin receives a function that raises the limit while items run; the function it returns is called
 * at the end
 * @throws the first failure, or the signal's reason
 */
export async function mapBounded<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, signal: AbortSignal, position: number) => Promise<R>,
  signal: AbortSignal,
  onBegin: OnBegin = () => {},
): Promise<R[]> {
  signal.throwIfAborted();
  const results = new Array<R>(items.length);
  using scope = abortScope(signal);
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  async function worker() {
    while (next < items.length && failure === undefined && !scope.signal.aborted) {
      const position = next++;
      try {
        results[position] = await work(items[position] as T, scope.signal, position);
      } catch (error) {
        failure ??= { error };
        scope.abort(error);
      }
    }
  }
  const workers: Promise<void>[] = [];
  const raise = (by: number) => {
    for (let i = 0; i < by && next < items.length && !scope.signal.aborted; i++) workers.push(worker());
  };
  raise(limit);
  const onEnd = onBegin(raise);
  // Workers that start meanwhile are appended, and awaited too.
  for (const running of workers) await running;
  onEnd?.();
  if (failure) throw failure.error;
  signal.throwIfAborted();
  return results;
}
