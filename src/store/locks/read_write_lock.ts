/**
 * Taking turns within one process: what comes before a file lock between processes.
 *
 * @module
 */
import { notifySlowWait, type OnSlowWait } from "../../base/slow_wait.ts";
import type { LockMode } from "../fs/fs.ts";

interface Waiter {
  readonly mode: LockMode;
  readonly go: () => void;
}

interface Queue {
  /** How many hold it shared; -1 while one holds it alone. */
  held: number;
  readonly waiting: Waiter[];
}

/**
 * Locks by key within the process. Waiting here costs no polling and no thread, and wakes at once.
 *
 * Who asks for a shared turn passes those who wait for an exclusive one: a pull that holds the content and asks for it
 * again must not wait for a collector that waits for the pull.
 */
export class ReadWriteLock {
  readonly #queues = new Map<string, Queue>();

  /** Takes a turn if it is free now. Dispose it. */
  tryTake(key: string, mode: LockMode): Disposable | undefined {
    const queue = this.#queues.get(key) ?? { held: 0, waiting: [] };
    if (!isFree(queue, mode)) return undefined;
    this.#queues.set(key, queue);
    return this.#hold(key, queue, mode);
  }

  /**
   * Waits for a turn. Dispose it.
   *
   * @param onWait hears of a wait that takes long
   * @throws the signal's reason
   */
  async take(key: string, mode: LockMode, signal: AbortSignal, onWait?: OnSlowWait): Promise<Disposable> {
    signal.throwIfAborted();
    const turn = this.tryTake(key, mode);
    if (turn !== undefined) return turn;
    using _patience = notifySlowWait(onWait);
    return await new Promise((resolve, reject) => {
      const queue = this.#queues.get(key) ?? { held: 0, waiting: [] };
      const waiter: Waiter = {
        mode,
        go: () => {
          signal.removeEventListener("abort", leave);
          resolve(this.#hold(key, queue, mode));
        },
      };
      const leave = () => {
        queue.waiting.splice(queue.waiting.indexOf(waiter), 1);
        reject(signal.reason);
      };
      queue.waiting.push(waiter);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #hold(key: string, queue: Queue, mode: LockMode): Disposable {
    queue.held = mode === "exclusive" ? -1 : queue.held + 1;
    let holding = true;
    return {
      [Symbol.dispose]: () => {
        if (!holding) return;
        holding = false;
        queue.held = mode === "exclusive" ? 0 : queue.held - 1;
        this.#wake(key, queue);
      },
    };
  }

  #wake(key: string, queue: Queue): void {
    for (let i = 0; i < queue.waiting.length;) {
      const waiter = queue.waiting[i];
      if (waiter === undefined || !isFree(queue, waiter.mode)) i++;
      else {
        queue.waiting.splice(i, 1);
        waiter.go();
      }
    }
    if (queue.held === 0 && queue.waiting.length === 0) this.#queues.delete(key);
  }
}

function isFree(queue: Queue, mode: LockMode): boolean {
  return mode === "exclusive" ? queue.held === 0 : queue.held >= 0;
}
