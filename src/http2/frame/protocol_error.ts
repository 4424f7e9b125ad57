/**
 * Protocol errors and their codes (RFC 9113, section 7).
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";

/** Error codes of RST_STREAM and GOAWAY. */
export const H2Code = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  enhanceYourCalm: 11,
} as const;

/** One of {@linkcode H2Code}. */
export type H2Code = typeof H2Code[keyof typeof H2Code];

/**
 * Creates the error for a failure of the whole connection: `invalid_content`, or `limit_exceeded` for
 * `enhanceYourCalm`. `details.h2Code` is the HTTP/2 code.
 *
 * @param found the violation, in a few words; it is also sent to the peer
 */
export function connectionError(h2Code: H2Code, found: string): AppError {
  const code = h2Code === H2Code.enhanceYourCalm ? "limit_exceeded" : "invalid_content";
  return new AppError(code, `Cannot continue the HTTP/2 connection: ${found}`, {
    details: { h2Code, found },
  });
}

/**
 * Creates the error `cancelled` for a request that ends before its response is complete.
 *
 * @param found the cause, in a few words
 */
export function requestAborted(found: string, cause?: unknown): AppError {
  return new AppError("cancelled", `Cannot finish the request: ${found}`, { cause });
}

/** Returns the HTTP/2 code of a {@linkcode connectionError}, or undefined for any other value. */
export function h2CodeOf(error: unknown): number | undefined {
  if (!(error instanceof AppError)) return undefined;
  const code = error.details["h2Code"];
  return typeof code === "number" ? code : undefined;
}
