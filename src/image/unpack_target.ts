/**
 * The directory that an image is unpacked to: it has its name only when all of it is there.
 *
 * The work is done in a hidden directory beside it, whose name has the process in it; what a dead process left there
 * is removed by the next one that unpacks to the same place.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { moveDirectory } from "../base/files.ts";

/** Where an unpacking is done. Dispose it on every path: what was not finished is removed. */
export interface UnpackTarget extends AsyncDisposable {
  /** An empty directory. */
  readonly path: string;
  /** Gives the directory its name. */
  finish(): void;
}

/**
 * Makes a place to unpack to.
 *
 * @throws AppError `already_exists` for a directory that has something in it or a path that is none
 */
export async function makeTarget(directory: string): Promise<UnpackTarget> {
  const wanted = directory.replace(/(?<=.)\/+$/, "");
  const isMount = await clearTheWay(wanted);
  // A mount point can't be replaced: then the work is done in place.
  if (isMount) return { path: wanted, finish() {}, [Symbol.asyncDispose]: () => Promise.resolve() };
  const slash = wanted.lastIndexOf("/");
  const parent = slash < 0 ? "." : wanted.slice(0, slash) || "/";
  const stem = `.${wanted.slice(slash + 1)}.dray-`;
  await Deno.mkdir(parent, { recursive: true });
  await removeDead(parent, stem);
  const path = `${parent}/${stem}${Deno.pid}`;
  await Deno.mkdir(path, { mode: 0o755 });
  let isFinished = false;
  return {
    path,
    finish() {
      moveDirectory(path, wanted);
      isFinished = true;
    },
    async [Symbol.asyncDispose]() {
      if (!isFinished) await Deno.remove(path, { recursive: true });
    },
  };
}

/** Removes an empty directory; whether it is one that can't be removed. */
async function clearTheWay(path: string): Promise<boolean> {
  let entries: readonly Deno.DirEntry[];
  try {
    entries = await Array.fromAsync(Deno.readDir(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (error instanceof Deno.errors.NotADirectory || codeOf(error) === "ENOTDIR") {
      throw taken(path, "it is no directory");
    }
    throw error;
  }
  if (entries.length > 0) throw taken(path, "it is not empty");
  try {
    await Deno.remove(path);
    return false;
  } catch (error) {
    if (codeOf(error) === "EBUSY") return true;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function taken(path: string, why: string): AppError {
  return new AppError(
    "already_exists",
    `Cannot unpack to "${path}": ${why}, want a new or an empty directory`,
  );
}

async function removeDead(parent: string, stem: string): Promise<void> {
  for await (const { name } of Deno.readDir(parent)) {
    const pid = name.startsWith(stem) ? Number(name.slice(stem.length)) : NaN;
    if (!Number.isInteger(pid) || await isAlive(pid)) continue;
    await Deno.remove(`${parent}/${name}`, { recursive: true });
  }
}

async function isAlive(pid: number): Promise<boolean> {
  if (pid === Deno.pid) return false;
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
