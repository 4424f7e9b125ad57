/**
 * Maps errors of the operating system to AppError.
 *
 * @module
 */
import { AppError, type ErrorCode, messageOf } from "../../base/errors.ts";
import { OS_ERROR_CODES, osCodeOf } from "../../base/system/os_errors.ts";

/** All other codes become "internal". */
const CODES: Readonly<Record<string, ErrorCode>> = {
  ...OS_ERROR_CODES,
  EFBIG: "no_space",
  ENAMETOOLONG: "invalid_content",
  EINVAL: "invalid_content",
  E2BIG: "invalid_content",
  ERANGE: "invalid_content",
  ELOOP: "invalid_content",
  ENOTDIR: "invalid_content",
  EMLINK: "invalid_content",
  EILSEQ: "invalid_content",
};

/** The error for a failed call on a name. */
export function fsError(operation: string, name: string, errno: string, cause?: unknown): AppError {
  return new AppError(
    CODES[errno] ?? "internal",
    `Cannot ${operation} ${JSON.stringify(name)}: the operating system returned ${errno}`,
    { details: { errno, name }, cause },
  );
}

/** The errno of an error that Deno threw, or its message. */
export function errnoOf(error: unknown): string {
  if (error instanceof AppError) return String(error.details.errno ?? error.code);
  if (error instanceof Deno.errors.NotCapable) return "EACCES";
  return osCodeOf(error) ?? messageOf(error);
}
