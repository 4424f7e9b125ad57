/**
 * Makes unpacked trees durable with one system call for all their files. The store decides the order of sync,
 * marker and rename; this module has the one call of that sequence that needs libc.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { FILESYSTEM_SYNC_STEP_BYTES } from "../../base/tuning.ts";
import type { LayerDecoder } from "../decode/decode.ts";
import { fsError } from "../fs/fs_error.ts";
import { C, cString, type Libc, openLibc } from "../fs/libc.ts";

/**
 * Syncs one file system on a thread of the runtime. Open it before the first write: the kernel reports a
 * failed writeback only to descriptors that were open when it failed. Dispose it.
 */
export class FilesystemSync implements AsyncDisposable {
  readonly #libc: Libc;
  readonly #path: string;
  readonly #fd: number;
  #running: Promise<void> | undefined;
  /** Kept until `finish`, because the kernel reports each failure only once. */
  #failure: AppError | undefined;

  private constructor(libc: Libc, path: string, fd: number) {
    this.#libc = libc;
    this.#path = path;
    this.#fd = fd;
  }

  /**
   * Opens the file system that contains `path`.
   *
   * @returns undefined without libc: then each file and directory must be synced separately
   * @throws AppError if the path can't be opened
   */
  static open(path: string): FilesystemSync | undefined {
    const libc = openLibc();
    if (libc === undefined) return undefined;
    const fd = libc.call.openat(C.AT_FDCWD, cString(path), C.O_RDONLY | C.O_CLOEXEC, 0);
    if (fd >= 0) return new FilesystemSync(libc, path, fd);
    const errno = libc.errno();
    libc[Symbol.dispose]();
    throw fsError("sync", path, errno);
  }

  /** Starts a background sync unless one is running, to leave less for the final one. */
  begin(): void {
    this.#running ??= this.#run().finally(() => this.#running = undefined);
  }

  /**
   * Makes everything written before this call durable.
   *
   * @throws AppError `internal` if this sync or an earlier one lost data
   */
  async finish(): Promise<void> {
    // A sync that is already running may miss the latest writes.
    await this.#running;
    await this.#run();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Waits for a running sync, then closes the descriptor. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running;
    this.#libc.call.close(this.#fd);
    this.#libc[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    if (await this.#libc.call.syncfs(this.#fd) === 0) return;
    this.#failure ??= new AppError(
      "internal",
      `Cannot sync "${this.#path}": the file system reported a write error`,
    );
  }
}

/**
 * Wraps a decoder so that a background sync starts periodically, and the disk is busy while the layer is
 * unpacked.
 */
export function withPeriodicSync(decoder: LayerDecoder, sync: Pick<FilesystemSync, "begin">): LayerDecoder {
  let bytes = 0;
  return {
    decode: (layer, task, onChunk, signal) =>
      decoder.decode(layer, task, (chunk) => {
        onChunk(chunk);
        bytes += chunk.length;
        if (bytes < FILESYSTEM_SYNC_STEP_BYTES) return;
        bytes = 0;
        sync.begin();
      }, signal),
  };
}
