/**
 * Bringing a long file to the disk while it grows.
 *
 * @module
 */
import { SYNC_STEP_BYTES } from "../../base/tuning.ts";
import { syncFile } from "../fs/fs.ts";
import { attempt } from "../fs/fs_errors.ts";

/**
 * Syncs a file now and then, beside the writes, so that the sync at its end has little left to do: that takes a third of a
 * second off a layer of 1 GiB. It replaces no sync. End it before the file is closed or moved.
 */
export class PeriodicSync {
  readonly #path: string;
  #unsynced = 0;
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** @param path where the file is while it grows */
  constructor(path: string) {
    this.#path = path;
  }

  /** So many more bytes were written. */
  note(bytes: number): void {
    this.#unsynced += bytes;
    if (this.#unsynced < SYNC_STEP_BYTES || this.#running !== undefined || this.#failure !== undefined) {
      return;
    }
    this.#unsynced = 0;
    this.#running = this.#sync();
  }

  /** Waits for a sync under way. @throws AppError if one of them failed */
  async end(): Promise<void> {
    await this.#running;
    if (this.#failure === undefined) return;
    const { error } = this.#failure;
    this.#failure = undefined;
    throw error;
  }

  async #sync(): Promise<void> {
    try {
      // A handle of its own: the runtime refuses writes through one that is syncing.
      using file = attempt("sync", this.#path, () => Deno.openSync(this.#path, { write: true }));
      await syncFile(file, this.#path);
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#running = undefined;
    }
  }
}
