/**
 * Making things durable and exclusive. The only file of the program that renames, syncs or locks, so that the order of
 * these calls can be read in few places.
 *
 * @module
 */
import { abortable, abortScope, neverAborted, sleep } from "../../base/abort.ts";
import { notifySlowWait, type OnSlowWait } from "../../base/slow_wait.ts";
import { attempt, attemptAsync } from "./fs_errors.ts";
import { isMissing } from "../../base/os_errors.ts";

/** Renames a file, over another one if there is one. Readers see the old or the new, nothing between. */
export function renameOver(from: string, to: string): void {
  attempt("move a file to", to, () => Deno.renameSync(from, to));
}

/** Waits until the bytes and the length of a file are on the disk. Other files' syncs run meanwhile. */
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
 * Makes a directory durable; one that is there is success. Its parent must be there.
 *
 * @param mode permission bits of a new one
 */
export async function makeDirectory(path: string, mode: number): Promise<void> {
  if (!makeDirectorySync(path, mode)) return;
  await syncDirectory(path.slice(0, path.lastIndexOf("/")) || "/");
}

/** Makes a directory; whether it is new. It is not durable before its parent is synced. */
export function makeDirectorySync(path: string, mode: number): boolean {
  try {
    attempt("make directory", path, () => Deno.mkdirSync(path, { mode }));
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    return false;
  }
}

/** Removes a file or an empty directory; whether it went. What is not there, or not empty, stays without a word. */
export function removeQuietly(path: string): boolean {
  try {
    Deno.removeSync(path);
    return true;
  } catch (error) {
    if (isMissing(error) || isNotEmpty(error)) return false;
    return attempt("remove", path, () => {
      throw error;
    });
  }
}

/** As {@linkcode removeQuietly}, on another thread: a file system that is busy with syncs takes its time. */
export async function removeEventually(path: string): Promise<boolean> {
  try {
    await Deno.remove(path);
    return true;
  } catch (error) {
    if (isMissing(error) || isNotEmpty(error)) return false;
    return attempt("remove", path, () => {
      throw error;
    });
  }
}

function isNotEmpty(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOTEMPTY" || error.code === "EEXIST");
}

/** How a lock is held: by any number at once, or by one alone. */
export type LockMode = "shared" | "exclusive";

/** The locks of an open file. `tryLock` is in Deno 2.9 and not in 2.6. */
interface LockableFile {
  lock(exclusive?: boolean): Promise<void>;
  tryLockSync?(exclusive?: boolean): boolean;
}

/** The longest wait between two looks at a lock that another process holds. */
const POLL_MOST_MS = 50;
/** A free lock is taken within microseconds; whoever has it after so long is not just passing. */
const TRY_MS = 50;

/**
 * Waits for the lock of an open file. It goes when the file is closed, and when the process dies.
 *
 * If this throws, the file must be closed by the caller: where the runtime can't ask without waiting, a thread stays
 * in the queue, and only a closed file gives the lock back at once when its turn comes.
 *
 * @param onWait hears of a wait that takes long
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
  const isFree = () => attempt("lock", path, () => lockable.tryLockSync?.(exclusive) ?? false);
  if (lockable.tryLockSync !== undefined && isFree()) return;
  using _patience = notifySlowWait(onWait);
  if (lockable.tryLockSync === undefined) {
    return await attemptAsync("lock", path, () => abortable(lockable.lock(exclusive), signal));
  }
  for (let delay = 1; !isFree(); delay *= 2) await sleep(Math.min(delay, POLL_MOST_MS), signal);
}

/** Takes the lock of an open file if nobody else has it; whether it did. If not, the caller must close the file. */
export async function tryLockFile(file: Deno.FsFile, path: string, mode: LockMode): Promise<boolean> {
  const lockable: LockableFile = file;
  if (lockable.tryLockSync !== undefined) {
    return attempt("lock", path, () => lockable.tryLockSync?.(mode === "exclusive") ?? false);
  }
  using scope = abortScope(neverAborted());
  const locked = lockFile(file, path, mode, scope.signal).then(() => true, () => false);
  const waited = sleep(TRY_MS, scope.signal).then(() => false, () => false);
  const won = await Promise.race([locked, waited]);
  scope.abort(new DOMException("Enough", "AbortError"));
  return won;
}

/**
 * Facts about the file that is open, if a path still names it: not so when it was renamed or removed while we waited.
 */
export function statIfSame(file: Deno.FsFile, path: string): Deno.FileInfo | undefined {
  try {
    const [open, named] = [file.statSync(), Deno.statSync(path)];
    return open.ino === named.ino && open.dev === named.dev ? open : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
