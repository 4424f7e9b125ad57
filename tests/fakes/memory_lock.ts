/**
 * Locks in memory for the fakes.
 *
 * @module
 */
import { abortScope } from "../../src/base/concurrency/abort.ts";

/** Shared and exclusive locks by key. */
export class MemoryLocks {
  readonly #held = new Map<string, number>();
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  /** Reports whether the key is locked. */
  isHeld(key: string): boolean {
    return (this.#held.get(key) ?? 0) !== 0;
  }

  /** Waits for the key and locks it until the result is disposed. @throws the signal's reason */
  async take(key: string, mode: "shared" | "exclusive", signal: AbortSignal): Promise<Disposable> {
    using scope = abortScope(signal);
    const aborted = new Promise<never>((_, reject) => {
      scope.signal.addEventListener("abort", () => reject(scope.signal.reason), { once: true });
    });
    aborted.catch(() => {});
    scope.signal.throwIfAborted();
    while (mode === "exclusive" ? this.isHeld(key) : (this.#held.get(key) ?? 0) < 0) {
      await Promise.race([this.#changed.promise, aborted]);
    }
    const weight = mode === "exclusive" ? -1 : 1;
    this.#held.set(key, (this.#held.get(key) ?? 0) + weight);
    let isHolding = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHolding) return;
        isHolding = false;
        this.#held.set(key, (this.#held.get(key) ?? 0) - weight);
        this.#changed.resolve();
        this.#changed = Promise.withResolvers();
      },
    };
  }
}
