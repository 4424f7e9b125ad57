/**
 * Failures to read files and to start programs, as errors with a code.
 *
 * @module
 */
import { AppError, messageOf } from "../base/errors.ts";
import { osCodeOf, osErrorCode } from "../base/system/os_errors.ts";

/**
 * Converts the failure of an access to an {@linkcode AppError}. Returns the error unchanged if it is one
 * already, or if it isn't a system error.
 *
 * @param action what failed, as the message begins: `Cannot read credential file "…"`
 * @param flag the permission flag that allows it: `--allow-read=PATH`
 */
export function accessError(error: unknown, action: string, flag: string): unknown {
  if (!(error instanceof Error) || error instanceof AppError) return error;
  if (error instanceof Deno.errors.NotCapable) {
    return new AppError("permission_denied", `${action}: missing permission: add ${flag}`, {
      cause: error,
      details: { flag },
    });
  }
  const code = osErrorCode(error) ?? (osCodeOf(error) === undefined ? undefined : "invalid_argument");
  return code === undefined ? error : new AppError(code, `${action}: ${messageOf(error)}`, { cause: error });
}
