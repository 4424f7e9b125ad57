/**
 * Locks between the tasks of one process. They are taken before the file locks between processes.
 *
 * @module
 */
import { notifySlowWait, type OnSlowWait } from "../../base/concurrency/slow_wait.ts";
import type { LockMode } from "../fs/fs.ts";

interface Waiter {
  readonly mode: LockMode;
  /** Called when the waiter gets the lock. */
  readonly grant: () => void;
}

interface Queue {
  /** The number of shared holders; -1 for one exclusive holder. */
  holders: number;
  readonly waiting: Waiter[];
}

/**
 * Locks by key within the process. Waiting needs neither polling nor a thread.
 *
 * A shared request passes waiting exclusive ones: a pull that holds the content and requests it again must
 * not wait for a garbage collector that waits for the pull.
 */
export class ReadWriteLock {
  readonly #queues = new Map<string, Queue>();

  /** Takes a lock if it is free. Dispose it. */
  tryTake(key: string, mode: LockMode): Disposable | undefined {
    const queue = this.#queues.get(key) ?? { holders: 0, waiting: [] };
    if (!isFree(queue, mode)) return undefined;
    this.#queues.set(key, queue);
    return this.#hold(key, queue, mode);
  }

  /**
   * Waits for a lock. Dispose it.
   *
   * @param onWait called if the wait takes longer than a second
   * @throws the signal's reason
   */
  async take(key: string, mode: LockMode, signal: AbortSignal, onWait?: OnSlowWait): Promise<Disposable> {
    signal.throwIfAborted();
    const lock = this.tryTake(key, mode);
    if (lock !== undefined) return lock;
    using _notifier = notifySlowWait(onWait);
    return await new Promise((resolve, reject) => {
      const queue = this.#queues.get(key) ?? { holders: 0, waiting: [] };
      const waiter: Waiter = {
        mode,
        grant: () => {
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
    queue.holders = mode === "exclusive" ? -1 : queue.holders + 1;
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        queue.holders = mode === "exclusive" ? 0 : queue.holders - 1;
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
        waiter.grant();
      }
    }
    if (queue.holders === 0 && queue.waiting.length === 0) this.#queues.delete(key);
  }
}

function isFree(queue: Queue, mode: LockMode): boolean {
  return mode === "exclusive" ? queue.holders === 0 : queue.holders >= 0;
}
