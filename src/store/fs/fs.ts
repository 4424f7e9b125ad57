/**
 * Durability and file locks. Apart from `src/base/system/files.ts`, the only file that renames, syncs or locks, so
 * that the order of these calls can be reviewed in few places.
 *
 * @module
 */
import { abortable, abortScope, neverAborted, sleep } from "../../base/concurrency/abort.ts";
import { isMissing, osCodeOf } from "../../base/system/os_errors.ts";
import { notifySlowWait, type OnSlowWait } from "../../base/concurrency/slow_wait.ts";
import { attempt, attemptAsync, fileError } from "./fs_errors.ts";

/**
 * Renames a file or directory and replaces what has the new name. Readers see either the old file or the new
 * one.
 */
export function renameOver(from: string, to: string): void {
  attempt("move a file to", to, () => Deno.renameSync(from, to));
}

/** Waits until the content and length of a file are on the disk. Syncs of different files run in parallel. */
export function syncFile(file: Deno.FsFile, path: string): Promise<void> {
  return attemptAsync("sync", path, () => file.syncData());
}

/** Waits until the names in a directory are on the disk. */
export async function syncDirectory(path: string): Promise<void> {
  await attemptAsync("sync", path, async () => {
    using directory = Deno.openSync(path, { read: true });
    await directory.sync();
  });
}

/**
 * Creates a directory and makes it durable; does nothing if it exists. Its parent must exist.
 *
 * @param mode permission bits of a new directory
 */
export async function makeDirectory(path: string, mode: number): Promise<void> {
  if (!makeDirectorySync(path, mode)) return;
  await syncDirectory(path.slice(0, path.lastIndexOf("/")) || "/");
}

/** Creates a directory. It isn't durable before its parent is synced. Returns false if it exists. */
export function makeDirectorySync(path: string, mode: number): boolean {
  try {
    attempt("make directory", path, () => Deno.mkdirSync(path, { mode }));
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    return false;
  }
}

/** Removes a file or an empty directory. Returns false if it doesn't exist or isn't empty. */
export function removeQuietly(path: string): boolean {
  try {
    Deno.removeSync(path);
    return true;
  } catch (error) {
    return ignoreExpected(path, error);
  }
}

/**
 * Like {@linkcode removeQuietly}, but asynchronous: removing is slow while the file system is busy with
 * syncs.
 */
export async function removeEventually(path: string): Promise<boolean> {
  try {
    await Deno.remove(path);
    return true;
  } catch (error) {
    return ignoreExpected(path, error);
  }
}

function ignoreExpected(path: string, error: unknown): false {
  const code = osCodeOf(error);
  if (isMissing(error) || code === "ENOTEMPTY" || code === "EEXIST") return false;
  throw fileError("remove", path, error);
}

/** Any number of holders, or only one. */
export type LockMode = "shared" | "exclusive";

/** The locks of an open file. Deno 2.6 has no `tryLockSync`. */
interface LockableFile {
  lock(exclusive?: boolean): Promise<void>;
  tryLockSync?(exclusive?: boolean): boolean;
}

/** The longest interval between two attempts to take a lock of another process. */
const POLL_MAX_MS = 50;
/** A free lock is taken within microseconds. After this time, another process must have it. */
const TRY_TIMEOUT_MS = 50;

/**
 * Waits for the lock of an open file. Closing the file or ending the process releases it.
 *
 * If this throws, the caller must close the file. Without `tryLockSync`, a thread is still waiting for the
 * lock then, and only a closed file releases the lock as soon as the thread gets it.
 *
 * @param onWait called if the wait takes longer than a second
 * @throws the signal's reason
 */
export async function lockFile(
  file: Deno.FsFile,
  path: string,
  mode: LockMode,
  signal: AbortSignal,
  onWait?: OnSlowWait,
): Promise<void> {
  const lockable: LockableFile = file;
  const exclusive = mode === "exclusive";
  const tryLock = () => attempt("lock", path, () => lockable.tryLockSync?.(exclusive) ?? false);
  if (lockable.tryLockSync !== undefined && tryLock()) return;
  using _notifier = notifySlowWait(onWait);
  if (lockable.tryLockSync === undefined) {
    return await attemptAsync("lock", path, () => abortable(lockable.lock(exclusive), signal));
  }
  for (let delay = 1; !tryLock(); delay *= 2) await sleep(Math.min(delay, POLL_MAX_MS), signal);
}

/** Takes the lock of an open file if that is possible without waiting. */
export function tryLockFileSync(file: Deno.FsFile, path: string, mode: LockMode): boolean {
  const lockable: LockableFile = file;
  return attempt("lock", path, () => lockable.tryLockSync?.(mode === "exclusive") ?? false);
}

/** Takes the lock of an open file if it is free. If it returns false, the caller must close the file. */
export async function tryLockFile(file: Deno.FsFile, path: string, mode: LockMode): Promise<boolean> {
  const lockable: LockableFile = file;
  if (lockable.tryLockSync !== undefined) {
    return attempt("lock", path, () => lockable.tryLockSync?.(mode === "exclusive") ?? false);
  }
  using scope = abortScope(neverAborted());
  const locked = lockFile(file, path, mode, scope.signal).then(() => true, () => false);
  const timedOut = sleep(TRY_TIMEOUT_MS, scope.signal).then(() => false, () => false);
  const isLocked = await Promise.race([locked, timedOut]);
  scope.abort(new DOMException("The lock is in use", "AbortError"));
  return isLocked;
}

/** The status of an open file, or undefined if the path no longer refers to it. */
export function statIfSame(file: Deno.FsFile, path: string): Deno.FileInfo | undefined {
  try {
    const [open, named] = [file.statSync(), Deno.statSync(path)];
    return open.ino === named.ino && open.dev === named.dev ? open : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
