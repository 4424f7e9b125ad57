/**
 * Failures of file operations as errors that say what to do. The only table of such messages for the store.
 *
 * @module
 */
import { AppError, type ErrorCode, messageOf } from "../../base/errors.ts";
import { osCodeOf, osErrorCode } from "../../base/system/os_errors.ts";
import { missingFlag } from "../../base/system/permission.ts";

/** A plain `gc` keeps the partial download of the pull that has filled the disk. */
const FREE_SPACE = "free space with 'dray gc --partial-age 0' or 'dray rm' and retry";
const DENIED = "permission denied; run as the owner of the store or choose another with --store";
const TOO_MANY_FILES = "too many open files; raise the limit (ulimit -n)";
const NOT_A_FILE = "it isn't a regular file; move it away";

/** Cause and advice by system error. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: `disk full (or out of inodes); ${FREE_SPACE}`,
  EDQUOT: `disk quota exceeded; ${FREE_SPACE}`,
  EROFS: "the file system is read-only; choose a store on another one with --store",
  EACCES: DENIED,
  EPERM: DENIED,
  EMFILE: TOO_MANY_FILES,
  ENFILE: TOO_MANY_FILES,
  EIO: "the disk failed; check the system log and run 'dray verify'",
  EISDIR: NOT_A_FILE,
  ELOOP: NOT_A_FILE,
  ENXIO: NOT_A_FILE,
  ENAMETOOLONG: "the path is too long for the file system; choose a shorter one",
};

/** System errors whose code depends on where they occur: these are for the files of a store. */
const STORE_CODES: Readonly<Record<string, ErrorCode>> = {
  EMFILE: "limit_exceeded",
  ENFILE: "limit_exceeded",
  EIO: "store_corrupt",
  EISDIR: "store_corrupt",
  ELOOP: "store_corrupt",
  ENXIO: "store_corrupt",
  ENAMETOOLONG: "invalid_argument",
};

/**
 * Converts the failure of a file operation to an {@linkcode AppError} with the path and advice. Returns the
 * error unchanged if it is one already or if there is no advice for it.
 *
 * @param action completes "Cannot …": `write`, `read`
 */
export function fileError(action: string, path: string, error: unknown): unknown {
  if (error instanceof AppError) return error;
  const name = osCodeOf(error) ?? "";
  const code = osErrorCode(error) ?? STORE_CODES[name];
  if (code === undefined) return error;
  const reason = error instanceof Deno.errors.NotCapable
    ? `missing permission: add ${missingFlag(error) ?? messageOf(error)}`
    : REASONS[name] ?? DENIED;
  return new AppError(code, `Cannot ${action} "${path}": ${reason}`, { cause: error, details: { path } });
}

/**
 * Runs a file operation and maps its failure.
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
 * Awaits a file operation and maps its failure.
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
