/**
 * Shared syncs of directories.
 *
 * @module
 */
import { syncDirectory } from "./fs.ts";

interface Syncs {
  readonly running: Promise<void>;
  next: Promise<void> | undefined;
}

/**
 * Syncs directories for many callers. A caller can't rely on a sync that is already running, which may have
 * missed its rename, but all callers that arrive meanwhile share the next one. An image with hundreds of
 * small layers needs only a few syncs.
 */
export class DirectorySyncer {
  readonly #syncs = new Map<string, Syncs>();

  /** Resolves when all current names in the directory are on the disk. */
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
