/**
 * The peer broke the protocol: which error code it is told (RFC 9113, section 7).
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";

/** Error codes that go into RST_STREAM and GOAWAY. */
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
 * A failure of the whole connection, to be thrown: `invalid_content`, or `limit_exceeded` for
 * `enhanceYourCalm`; the HTTP/2 code is in `details.h2Code`.
 *
 * @param found what the peer did, in a few words
 */
export function connectionError(h2Code: H2Code, found: string): AppError {
  const code = h2Code === H2Code.enhanceYourCalm ? "limit_exceeded" : "invalid_content";
  return new AppError(code, `Cannot go on with the HTTP/2 connection: ${found}`, {
    details: { h2Code, found },
  });
}

/**
 * Why a request is over before its answer is out; `cancelled`.
 *
 * @param found what happened, in a few words
 */
export function requestLost(found: string, cause?: unknown): AppError {
  return new AppError("cancelled", `Cannot finish the request: ${found}`, { cause });
}

/** The HTTP/2 code of a {@linkcode connectionError}; undefined for any other thrown value. */
export function h2CodeOf(error: unknown): number | undefined {
  if (!(error instanceof AppError)) return undefined;
  const code = error.details["h2Code"];
  return typeof code === "number" ? code : undefined;
}
