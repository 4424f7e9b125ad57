/**
 * From what the system says to our errors.
 *
 * @module
 */
import { AppError, type ErrorCode, messageOf } from "../../base/errors.ts";

/** Everything else is a surprise, and thus a bug of ours. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: "no_space",
  EDQUOT: "no_space",
  EFBIG: "no_space",
  EPERM: "permission_denied",
  EACCES: "permission_denied",
  EROFS: "permission_denied",
  ENAMETOOLONG: "invalid_content",
  EINVAL: "invalid_content",
  E2BIG: "invalid_content",
  ERANGE: "invalid_content",
  ELOOP: "invalid_content",
  ENOTDIR: "invalid_content",
  EMLINK: "invalid_content",
  EILSEQ: "invalid_content",
};

/** An error for a failed call on a name. */
export function fsError(action: string, name: string, errno: string, cause?: unknown): AppError {
  return new AppError(
    CODES[errno] ?? "internal",
    `Cannot ${action} ${JSON.stringify(name)}: the system answered ${errno}`,
    { details: { errno, name }, cause },
  );
}

/** The errno of an error that Deno threw, or its text. */
export function errnoOf(error: unknown): string {
  if (error instanceof AppError) return String(error.details.errno ?? error.code);
  if (error instanceof Deno.errors.NotCapable) return "EACCES";
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : messageOf(error);
}
