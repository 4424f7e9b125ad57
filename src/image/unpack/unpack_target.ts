/**
 * The directory that an image is unpacked to: it has its name only when all of it is there.
 *
 * The work is done in a hidden directory beside it, whose name has the process in it; what a dead process left there
 * is removed by the next one that unpacks to the same place.
 *
 * @module
 */
import { AppError, type ErrorCode, messageOf } from "../../base/errors.ts";
import { moveDirectory } from "../../base/files.ts";

/** Where an unpacking is done. Dispose it on every path: what was not finished is removed. */
export interface UnpackTarget extends AsyncDisposable {
  /** An empty directory. */
  readonly path: string;
  /** Gives the directory its name. @throws AppError `already_exists` if another one took it meanwhile */
  finish(): void;
}

/**
 * Makes a place to unpack to. A link to a directory is followed, as the user's own.
 *
 * @throws AppError `already_exists` for a directory that has something in it or a path that is none;
 * `permission_denied`, `no_space`
 */
export async function makeTarget(directory: string): Promise<UnpackTarget> {
  const given = directory.replace(/(?<=.)\/+$/, "");
  return await telling(given, async () => {
    const wanted = await Deno.realPath(given).catch(() => given);
    const old = await emptyDirectory(wanted, given);
    // What can't be replaced, and the directory that the user's shell is in, are filled in place.
    if (old !== undefined && (wanted === Deno.cwd() || !await removed(wanted))) return inPlace(wanted);
    const slash = wanted.lastIndexOf("/");
    const parent = slash < 0 ? "." : wanted.slice(0, slash) || "/";
    const stem = `.${wanted.slice(slash + 1)}.dray-`;
    await Deno.mkdir(parent, { recursive: true });
    await removeDead(parent, stem);
    const path = `${parent}/${stem}${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;
    await Deno.mkdir(path, { mode: 0o755 });
    return beside(path, wanted, old?.mode ?? undefined);
  });
}

/** @param mode of the empty directory that gave way: a failure brings it back */
function beside(path: string, wanted: string, mode: number | undefined): UnpackTarget {
  let isFinished = false;
  return {
    path,
    finish() {
      try {
        moveDirectory(path, wanted);
      } catch (cause) {
        throw taken(wanted, `another one took its place (${messageOf(cause)})`, cause);
      }
      isFinished = true;
    },
    async [Symbol.asyncDispose]() {
      if (isFinished) return;
      await Deno.remove(path, { recursive: true });
      if (mode !== undefined) await Deno.mkdir(wanted, { mode: mode & 0o7777 }).catch(() => {});
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

/** Facts about an empty directory, or undefined if there is nothing. @throws AppError `already_exists` */
async function emptyDirectory(path: string, given: string): Promise<Deno.FileInfo | undefined> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  if (!info.isDirectory) throw taken(given, "it is no directory");
  for await (const _ of Deno.readDir(path)) throw taken(given, "it is not empty");
  return info;
}

/** Removes an empty directory; false for a mount point. */
async function removed(path: string): Promise<boolean> {
  try {
    await Deno.remove(path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === "EBUSY") return false;
    throw error;
  }
}

function systemCodeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function taken(path: string, why: string, cause?: unknown): AppError {
  return new AppError(
    "already_exists",
    `Cannot unpack to "${path}": ${why}, want a new or an empty directory`,
    { cause },
  );
}

async function telling<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof AppError || cause instanceof Deno.errors.NotCapable) throw cause;
    throw new AppError(codeFor(cause), `Cannot unpack to "${path}": ${messageOf(cause)}`, { cause });
  }
}

function codeFor(cause: unknown): ErrorCode {
  const code = systemCodeOf(cause);
  if (code === "ENOSPC" || code === "EDQUOT") return "no_space";
  if (code === "ENOTDIR") return "already_exists";
  const isDenied = cause instanceof Deno.errors.PermissionDenied || code === "EROFS" || code === "EPERM";
  return isDenied ? "permission_denied" : "invalid_argument";
}

async function removeDead(parent: string, stem: string): Promise<void> {
  for await (const { name } of Deno.readDir(parent)) {
    const pid = name.startsWith(stem) ? /^\d+(?=-)/.exec(name.slice(stem.length))?.[0] : undefined;
    if (pid === undefined || await isAlive(Number(pid))) continue;
    await Deno.remove(`${parent}/${name}`, { recursive: true });
  }
}

async function isAlive(pid: number): Promise<boolean> {
  if (pid === Deno.pid) return true;
  try {
    await Deno.stat(`/proc/${pid}`);
    return true;
  } catch (error) {
    // Where there is no /proc nobody can tell, so nothing is removed.
    return !(error instanceof Deno.errors.NotFound) || !(await hasProc());
  }
}

async function hasProc(): Promise<boolean> {
  return await Deno.stat("/proc/self").then(() => true, () => false);
}
