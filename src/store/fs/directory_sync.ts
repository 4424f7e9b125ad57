/**
 * Sharing the syncs of a directory among many who rename into it.
 *
 * @module
 */
import { syncDirectory } from "./fs.ts";

interface Syncs {
  readonly running: Promise<void>;
  next: Promise<void> | undefined;
}

/**
 * Syncs directories for many at once: who comes while a sync runs can't count on it, since it may have passed their
 * name already, but all of them share the one after it. An image of hundreds of small layers needs a handful of syncs.
 */
export class DirectorySyncer {
  readonly #syncs = new Map<string, Syncs>();

  /** Resolves when all names that are in the directory now are on the disk. */
  sync(path: string): Promise<void> {
    const current = this.#syncs.get(path);
    if (current === undefined) return this.#start(path);
    const again = () => this.#start(path);
    return current.next ??= current.running.then(again, again);
  }

  #start(path: string): Promise<void> {
    const running = syncDirectory(path);
    const syncs: Syncs = { running, next: undefined };
    this.#syncs.set(path, syncs);
    const forget = () => {
      if (this.#syncs.get(path) === syncs && syncs.next === undefined) this.#syncs.delete(path);
    };
    running.then(forget, forget);
    return running;
  }
}
