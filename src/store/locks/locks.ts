/**
 * Locks of the whole store, between all tasks of all processes: one file each, that nobody ever removes.
 *
 * @module
 */
import type { OnSlowWait } from "../../base/slow_wait.ts";
import { lockFile, type LockMode, tryLockFile } from "../fs/fs.ts";
import { attempt } from "../fs/fs_errors.ts";
import { isMissing } from "../../base/os_errors.ts";
import type { ReadWriteLock } from "./read_write_lock.ts";

/** Who can open a lock file can hold it: other users must not be able to stop the store's owner. */
const PRIVATE_MODE = 0o600;

/** Takes store-wide locks. A dead process leaves none. */
export class Locks {
  readonly #turns: ReadWriteLock;
  readonly #create: boolean;

  /** @param create whether lock files may be made; a store that is only read must not be changed by looking */
  constructor(turns: ReadWriteLock, create: boolean) {
    this.#turns = turns;
    this.#create = create;
  }

  /**
   * Waits for a lock. Dispose it.
   *
   * @param onWait hears of a wait that takes long
   * @throws the signal's reason, AppError `permission_denied`
   */
  async take(path: string, mode: LockMode, signal: AbortSignal, onWait?: OnSlowWait): Promise<Disposable> {
    const turn = await this.#turns.take(path, mode, signal, onWait);
    let file: Deno.FsFile | undefined;
    try {
      file = this.#open(path);
      if (file !== undefined) await lockFile(file, path, mode, signal, onWait);
    } catch (error) {
      file?.close();
      turn[Symbol.dispose]();
      throw error;
    }
    return holding(file, turn);
  }

  /** Takes a lock that is free now, else gives undefined. Dispose it. @throws AppError `permission_denied` */
  async tryTake(path: string, mode: LockMode): Promise<Disposable | undefined> {
    const turn = this.#turns.tryTake(path, mode);
    if (turn === undefined) return undefined;
    let file: Deno.FsFile | undefined;
    try {
      file = this.#open(path);
      if (file === undefined || await tryLockFile(file, path, mode)) return holding(file, turn);
    } catch (error) {
      file?.close();
      turn[Symbol.dispose]();
      throw error;
    }
    file.close();
    turn[Symbol.dispose]();
    return undefined;
  }

  #open(path: string): Deno.FsFile | undefined {
    if (this.#create) {
      const options = { read: true, write: true, create: true, mode: PRIVATE_MODE };
      return attempt("lock", path, () => Deno.openSync(path, options));
    }
    try {
      return Deno.openSync(path, { read: true });
    } catch (error) {
      // Where no writer ever was, or none that we may see, there is nobody to lock out.
      if (isMissing(error) || error instanceof Deno.errors.PermissionDenied) return undefined;
      throw error;
    }
  }
}

function holding(file: Deno.FsFile | undefined, turn: Disposable): Disposable {
  let held = true;
  return {
    [Symbol.dispose]() {
      if (!held) return;
      held = false;
      file?.close();
      turn[Symbol.dispose]();
    },
  };
}
