/**
 * What the operating system and the runtime say about files and programs, as errors of ours.
 *
 * @module
 */
import { AppError, messageOf } from "../base/errors.ts";

/** Whether nothing is at a path. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** Whether the runtime or the system refuses to look. */
export function isRefused(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied;
}

/**
 * The failure of an access as an error with a code; what has one, and what is not the system's, stays as it is.
 *
 * @param action what was tried, in the words of the message: `Cannot read credential file "…"`
 * @param flag the permission flag that allows it: `--allow-read=PATH`
 */
export function accessError(error: unknown, action: string, flag: string): unknown {
  if (!(error instanceof Error) || error instanceof AppError) return error;
  if (error instanceof Deno.errors.NotCapable) {
    return new AppError("permission_denied", `${action}: the runtime does not allow it, add ${flag}`, {
      cause: error,
      details: { flag },
    });
  }
  const code = "code" in error ? error.code : undefined;
  if (error instanceof Deno.errors.PermissionDenied || code === "EROFS") {
    return new AppError("permission_denied", `${action}: ${messageOf(error)}`, { cause: error });
  }
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new AppError("no_space", `${action}: ${messageOf(error)}`, { cause: error });
  }
  return typeof code === "string"
    ? new AppError("invalid_argument", `${action}: ${messageOf(error)}`, { cause: error })
    : error;
}
