/**
 * Locks between all tasks of all processes. Each has a file, which only the holder of an exclusive lock may remove.
 *
 * @module
 */
import { isMissing } from "../../base/system/os_errors.ts";
import type { OnSlowWait } from "../../base/concurrency/slow_wait.ts";
import { lockFile, type LockMode, statIfSame, tryLockFile } from "../fs/fs.ts";
import { attempt } from "../fs/fs_errors.ts";
import type { ReadWriteLock } from "./read_write_lock.ts";

/** Opening a lock file suffices to lock it: other users must not be able to block the owner of the store. */
const PRIVATE_MODE = 0o600;

/** Takes locks by the path of their file. The operating system releases those of a dead process. */
export class Locks {
  readonly #localLock: ReadWriteLock;
  readonly #create: boolean;

  /**
   * @param localLock excludes the tasks of this process
   * @param create whether to create lock files; a store that is opened for reading must not change
   */
  constructor(localLock: ReadWriteLock, create: boolean) {
    this.#localLock = localLock;
    this.#create = create;
  }

  /**
   * Waits for a lock. Dispose it.
   *
   * @param onWait called if the wait takes longer than a second
   * @throws the signal's reason, AppError `permission_denied`
   */
  async take(path: string, mode: LockMode, signal: AbortSignal, onWait?: OnSlowWait): Promise<Disposable> {
    const local = await this.#localLock.take(path, mode, signal, onWait);
    for (;;) {
      let file: Deno.FsFile | undefined;
      try {
        file = this.#open(path);
        if (file !== undefined) await lockFile(file, path, mode, signal, onWait);
        if (file === undefined || statIfSame(file, path) !== undefined) return heldLock(file, local);
      } catch (error) {
        file?.close();
        local[Symbol.dispose]();
        throw error;
      }
      // The previous holder has removed the file, so the lock excludes no other process.
      file.close();
    }
  }

  /**
   * Takes a lock if it is free, otherwise returns undefined. Dispose it.
   *
   * @throws AppError `permission_denied`
   */
  async tryTake(path: string, mode: LockMode): Promise<Disposable | undefined> {
    const local = this.#localLock.tryTake(path, mode);
    if (local === undefined) return undefined;
    for (;;) {
      let file: Deno.FsFile | undefined;
      let isLocked = false;
      try {
        file = this.#open(path);
        isLocked = file === undefined || await tryLockFile(file, path, mode);
        if (file === undefined || isLocked && statIfSame(file, path) !== undefined) {
          return heldLock(file, local);
        }
      } catch (error) {
        file?.close();
        local[Symbol.dispose]();
        throw error;
      }
      file.close();
      if (isLocked) continue;
      local[Symbol.dispose]();
      return undefined;
    }
  }

  /** Whether lock files are created, and so may be removed. */
  get canCreate(): boolean {
    return this.#create;
  }

  #open(path: string): Deno.FsFile | undefined {
    if (this.#create) {
      const options = { read: true, write: true, create: true, mode: PRIVATE_MODE };
      return attempt("lock", path, () => Deno.openSync(path, options));
    }
    try {
      return Deno.openSync(path, { read: true });
    } catch (error) {
      // Without a lock file there has been no writer. A file of another user can't be locked; readers don't
      // need to.
      if (isMissing(error) || error instanceof Deno.errors.PermissionDenied) return undefined;
      throw error;
    }
  }
}

function heldLock(file: Deno.FsFile | undefined, local: Disposable): Disposable {
  let isHeld = true;
  return {
    [Symbol.dispose]() {
      if (!isHeld) return;
      isHeld = false;
      file?.close();
      local[Symbol.dispose]();
    },
  };
}
