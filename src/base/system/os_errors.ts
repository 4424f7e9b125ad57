/**
 * Errors of the operating system and of the runtime's permission checks. The only place that classifies them.
 *
 * @module
 */
import type { ErrorCode } from "../errors.ts";

/** System errors that mean the same in every module. A module may map further ones. */
export const OS_ERROR_CODES = {
  ENOSPC: "no_space",
  EDQUOT: "no_space",
  EACCES: "permission_denied",
  EPERM: "permission_denied",
  EROFS: "permission_denied",
} as const satisfies Readonly<Record<string, ErrorCode>>;

/** The name of a system error, such as `ENOENT`; undefined for an error that has none. */
export function osCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Whether there is no file or directory of that name; a path below a regular file counts too. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    osCodeOf(error) === "ENOTDIR";
}

/** Whether the runtime's permissions or the operating system deny access. */
export function isDenied(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied;
}

/**
 * Our code for a system error; undefined if its meaning depends on the operation, or if it isn't a system
 * error.
 */
export function osErrorCode(error: unknown): ErrorCode | undefined {
  if (isDenied(error)) return "permission_denied";
  const code = osCodeOf(error);
  const codes: Readonly<Record<string, ErrorCode>> = OS_ERROR_CODES;
  return code === undefined ? undefined : codes[code];
}
