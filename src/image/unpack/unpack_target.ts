/**
 * The directory that an image is unpacked to. It gets its name only when it is complete.
 *
 * Until then it is a hidden directory with the same parent, whose name contains the process id. The directory
 * of a dead process is removed by the next one that unpacks to the same path.
 *
 * @module
 */
import { AppError, type ErrorCode, messageOf } from "../../base/errors.ts";
import { moveDirectory } from "../../base/system/files.ts";
import { isForeign, isWritableByAll, resolveOwnLinks } from "../../base/system/ownership.ts";
import { osCodeOf, osErrorCode } from "../../base/system/os_errors.ts";

const MODES = { private: 0o700, public: 0o755 } as const;

/** A directory to unpack to. Dispose it on every path: that removes an unfinished directory. */
export interface UnpackTarget extends AsyncDisposable {
  /** An empty directory. */
  readonly path: string;
  /**
   * Gives the directory its name.
   *
   * @throws AppError `already_exists` if the name was created in the meantime
   */
  finish(): void;
}

/**
 * Creates a directory to unpack to. A symlink to a directory is followed unless another user may have planted
 * it.
 *
 * @param access `private`: only the owner can enter the directory; `public`: all users, as far as the umask
 * allows
 * @throws AppError `already_exists` if `directory` is not empty or not a directory; `permission_denied`, also
 * if a directory to fill in place is under the control of another user; `no_space`
 */
export async function makeTarget(
  directory: string,
  access: "private" | "public" = "public",
): Promise<UnpackTarget> {
  const given = directory.replace(/(?<=.)\/+$/, "");
  return await withErrors(given, async () => {
    resolveOwnLinks(given);
    const target = await Deno.realPath(given).catch(() => given);
    const existing = await emptyDirectory(target, given);
    // A mount point can't be replaced, and the working directory of the user's shell must not be. Fill them
    // in place.
    if (existing !== undefined && (target === Deno.cwd() || !await tryRemove(target))) {
      checkOwner(given, await Deno.lstat(target));
      if (access === "private") await Deno.chmod(target, MODES.private);
      return inPlace(target);
    }
    const slash = target.lastIndexOf("/");
    const parent = slash < 0 ? "." : target.slice(0, slash) || "/";
    const prefix = `.${target.slice(slash + 1)}.dray-`;
    await Deno.mkdir(parent, { recursive: true, mode: MODES.public });
    await removeAbandoned(parent, prefix);
    const path = `${parent}/${prefix}${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;
    await Deno.mkdir(path, { mode: MODES[access] });
    return temporary(path, target, existing?.mode ?? undefined);
  });
}

/** @param mode of the empty directory that was removed; after a failure it is created again */
function temporary(path: string, target: string, mode: number | undefined): UnpackTarget {
  let isFinished = false;
  return {
    path,
    finish() {
      try {
        moveDirectory(path, target);
      } catch (cause) {
        throw existsError(target, `created in the meantime (${messageOf(cause)})`, cause);
      }
      isFinished = true;
    },
    async [Symbol.asyncDispose]() {
      if (isFinished) return;
      await Deno.remove(path, { recursive: true });
      if (mode !== undefined) await Deno.mkdir(target, { mode: mode & 0o7777 }).catch(() => {});
    },
  };
}

function inPlace(path: string): UnpackTarget {
  let isFinished = false;
  return {
    path,
    finish: () => void (isFinished = true),
    async [Symbol.asyncDispose]() {
      if (isFinished) return;
      for await (const { name } of Deno.readDir(path)) {
        await Deno.remove(`${path}/${name}`, { recursive: true });
      }
    },
  };
}

/** The stat of an empty directory; undefined if the path is missing. @throws AppError `already_exists` */
async function emptyDirectory(path: string, given: string): Promise<Deno.FileInfo | undefined> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  if (!info.isDirectory) throw existsError(given, "not a directory");
  for await (const _ of Deno.readDir(path)) throw existsError(given, "not empty");
  return info;
}

/** Another user could replace the entries of such a directory by links while they are written. */
function checkOwner(path: string, info: Deno.FileInfo): void {
  const state = isForeign(info)
    ? `it belongs to another user (uid ${info.uid})`
    : isWritableByAll(info)
    ? "every user may write to it"
    : undefined;
  if (state === undefined) return;
  throw new AppError("permission_denied", `Cannot unpack to "${path}": ${state}; choose a new directory`);
}

/** Removes an empty directory. Returns false for a mount point. */
async function tryRemove(path: string): Promise<boolean> {
  try {
    await Deno.remove(path);
    return true;
  } catch (error) {
    if (osCodeOf(error) === "EBUSY") return false;
    throw error;
  }
}

function existsError(path: string, state: string, cause?: unknown): AppError {
  return new AppError(
    "already_exists",
    `Cannot unpack to "${path}": ${state}; choose a new or empty directory`,
    { cause },
  );
}

/** Converts errors of the operating system. */
async function withErrors<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof AppError || cause instanceof Deno.errors.NotCapable) throw cause;
    throw new AppError(codeFor(cause), `Cannot unpack to "${path}": ${messageOf(cause)}`, { cause });
  }
}

function codeFor(cause: unknown): ErrorCode {
  if (osCodeOf(cause) === "ENOTDIR") return "already_exists";
  return osErrorCode(cause) ?? "invalid_argument";
}

/** Removes the directories of processes that have ended, except other users': they may have planted them. */
async function removeAbandoned(parent: string, prefix: string): Promise<void> {
  for await (const { name } of Deno.readDir(parent)) {
    const pid = name.startsWith(prefix) ? /^\d+(?=-)/.exec(name.slice(prefix.length))?.[0] : undefined;
    if (pid === undefined || await isAlive(Number(pid))) continue;
    const path = `${parent}/${name}`;
    if (isForeign(await Deno.lstat(path))) continue;
    await Deno.remove(path, { recursive: true });
  }
}

async function isAlive(pid: number): Promise<boolean> {
  if (pid === Deno.pid) return true;
  try {
    await Deno.stat(`/proc/${pid}`);
    return true;
  } catch (error) {
    // Without /proc the state of a process is unknown, so keep its directory.
    return !(error instanceof Deno.errors.NotFound) || !(await hasProc());
  }
}

async function hasProc(): Promise<boolean> {
  return await Deno.stat("/proc/self").then(() => true, () => false);
}
