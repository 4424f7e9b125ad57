/**
 * What the operating system says of files, in the program's own words. The one table for it.
 *
 * @module
 */
import { AppError, type ErrorCode, messageOf } from "../../base/errors.ts";
import { missingFlag } from "../../base/permission.ts";

const NO_SPACE = new Set(["ENOSPC", "EDQUOT"]);
const REFUSED = new Set(["EACCES", "EPERM"]);
/** A folder, a device or a link in a circle has the name of one of the store's files. */
const OTHER_KIND = new Set(["EISDIR", "ELOOP", "ENXIO"]);

/** The operating system's name of a failure: `ENOENT`. Undefined for what did not come from it. */
export function osCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Whether a file or folder is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || osCodeOf(error) === "ENOTDIR";
}

/**
 * The failure of an action on a file as an {@linkcode AppError}, with the path and what to do about it. Failures that
 * nobody can act upon by kind are given back as they are.
 *
 * @param action completes "Cannot …": `write`, `read`
 */
export function fileError(action: string, path: string, error: unknown): unknown {
  if (error instanceof AppError) return error;
  const code = osCodeOf(error);
  const fail = (kind: ErrorCode, why: string) =>
    new AppError(kind, `Cannot ${action} "${path}": ${why}`, { cause: error, details: { path } });
  if (error instanceof Deno.errors.NotCapable) {
    return fail(
      "permission_denied",
      `the runtime does not allow it, add ${missingFlag(error) ?? messageOf(error)}`,
    );
  }
  if (code === undefined) return error;
  if (NO_SPACE.has(code)) {
    const full = code === "ENOSPC" ? "the disk has no space or no inodes left" : "the disk quota is used up";
    return fail("no_space", `${full}, free some (gc removes what no image needs, rm images) and try again`);
  }
  if (code === "EROFS") {
    return fail("permission_denied", "the file system is read-only, use a store on another one");
  }
  if (REFUSED.has(code) || error instanceof Deno.errors.PermissionDenied) {
    return fail(
      "permission_denied",
      "the operating system refuses, run as the store's owner or use another store",
    );
  }
  if (code === "EMFILE" || code === "ENFILE") {
    return fail("limit_exceeded", "too many files are open, raise the limit (ulimit -n)");
  }
  if (code === "EIO") {
    return fail("store_corrupt", "the disk fails, see the system's log and verify the store");
  }
  if (OTHER_KIND.has(code)) {
    return fail("store_corrupt", "something that is no file has this name, move it away");
  }
  if (code === "ENAMETOOLONG") {
    return fail("invalid_argument", "the path is too long for the file system, use a shorter one");
  }
  return error;
}

/**
 * Runs an action on a file and maps its failure.
 *
 * @throws AppError as {@linkcode fileError}
 */
export function attempt<T>(action: string, path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw fileError(action, path, error);
  }
}

/**
 * Awaits an action on a file and maps its failure.
 *
 * @throws AppError as {@linkcode fileError}
 */
export async function attemptAsync<T>(action: string, path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw fileError(action, path, error);
  }
}
