/**
 * Bounded parallelism.
 *
 * @module
 */
import { abortScope } from "./abort.ts";

/** Hands out a fixed number of slots, first come first served. */
export class Limiter {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param slots how many may be held at once, at least 1 */
  constructor(slots: number) {
    this.#free = slots;
  }

  /**
   * Waits for a slot. Dispose what it returns to give the slot back; a second dispose does nothing.
   *
   * @throws the signal's reason
   */
  async acquire(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#release();
      },
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(signal.reason);
      };
      this.#waiting.push(turn);
      signal.addEventListener("abort", leave, { once: true });
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
 * Runs `work` for each item, at most `limit` at once, and keeps the order of the results. The first failure
 * aborts the rest; all are awaited before it is thrown, so nothing runs on behind the caller's back.
 *
 * @param onBegin gets a way to raise the limit while the work goes on; what it gives is called when that is over
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
  async function lane() {
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
  const lanes: Promise<void>[] = [];
  const raise = (by: number) => {
    for (let i = 0; i < by && next < items.length && !scope.signal.aborted; i++) lanes.push(lane());
  };
  raise(limit);
  const onEnd = onBegin(raise);
  // Lanes that are raised meanwhile are appended, and awaited too.
  for (const running of lanes) await running;
  onEnd?.();
  if (failure) throw failure.error;
  signal.throwIfAborted();
  return results;
}
