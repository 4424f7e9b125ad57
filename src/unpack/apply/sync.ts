/**
 * Making trees durable, with one call for all their files. The order of sync, marker and rename is the store's; this is
 * the one call of it that needs libc.
 *
 * @module
 */
import { MIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import type { LayerDecoder } from "../decode/decode.ts";
import { fsError } from "../fs/fs_error.ts";
import { C, cString, type Libc, openLibc } from "../fs/libc.ts";

/** Bytes of archives after which the disk is given something to do. */
const EARLY_BYTES = 64 * MIB;

/**
 * Syncs one file system, on a thread of the runtime. Open it before the first write: the kernel tells of what it could
 * not write only those who have been there. Dispose it.
 */
export class FilesystemSync implements AsyncDisposable {
  readonly #libc: Libc;
  readonly #path: string;
  readonly #fd: number;
  #running: Promise<void> | undefined;
  /** The kernel tells of each failure once. */
  #failure: AppError | undefined;

  private constructor(libc: Libc, path: string, fd: number) {
    this.#libc = libc;
    this.#path = path;
    this.#fd = fd;
  }

  /**
   * Opens the file system that `path` is on.
   *
   * @returns undefined without libc: then each file and directory must be synced by itself
   * @throws AppError what the disk says when it can't
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

  /** Begins to write out what is there, unless that is going on: the less is left to the end. */
  begin(): void {
    this.#running ??= this.#run().finally(() => this.#running = undefined);
  }

  /**
   * Makes all that was written before durable.
   *
   * @throws AppError `internal` if something was lost, now or earlier
   */
  async finish(): Promise<void> {
    // One that runs already may have passed what was written since.
    await this.#running;
    await this.#run();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Waits for what is going on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running;
    this.#libc.call.close(this.#fd);
    this.#libc[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    if (await this.#libc.call.syncfs(this.#fd) === 0) return;
    this.#failure ??= new AppError(
      "internal",
      `Cannot sync "${this.#path}": the disk could not keep all that was written to it`,
    );
  }
}

/** A decoder that lets a sync begin now and then, so that the disk works while the layer is unpacked. */
export function withPeriodicSync(decoder: LayerDecoder, sync: Pick<FilesystemSync, "begin">): LayerDecoder {
  let bytes = 0;
  return {
    decode: (layer, task, take, signal) =>
      decoder.decode(layer, task, (chunk) => {
        take(chunk);
        bytes += chunk.length;
        if (bytes < EARLY_BYTES) return;
        bytes = 0;
        sync.begin();
      }, signal),
  };
}
