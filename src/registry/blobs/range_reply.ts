/**
 * Validation of responses to range requests (RFC 9110, section 14).
 *
 * @module
 */
import type { AppError, ErrorCode } from "../../base/errors.ts";
import { parseContentRange } from "../../http/message/content_range.ts";
import type { HeaderFields } from "../../http/message/http_message.ts";
import { CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE } from "../../http/message/http_names.ts";
import { bodyEncodingOf } from "../auth/content_encoding.ts";

/** The bytes in the body, or why the response can't be used. */
export type RangeReply =
  /** The bytes from `first` up to, but not including, `end`. */
  | {
    readonly kind: "bytes";
    readonly first: number;
    readonly end: number;
    /** Whether the body must be decompressed. */
    readonly isCompressed: boolean;
  }
  /** The host doesn't start at the offset; it may still send the whole blob. */
  | { readonly kind: "no-range"; readonly why: string };

/** The request that the response belongs to. */
export interface RangeRequest {
  /** The first requested byte. A Range header was sent only if it is greater than 0. */
  readonly offset: number;
  /** Bytes of the whole blob. */
  readonly size: number;
}

/**
 * Validates a response with status 200, 206 or 416.
 *
 * @param refuse makes an error about the host: `refuse(code, "has 5 bytes, expected 6")`
 * @throws AppError `size_mismatch` if the host has another size, `unsupported` for an encoding, `network` for
 * an invalid response
 */
export function validateRangeReply(
  status: number,
  headers: HeaderFields,
  request: RangeRequest,
  refuse: (code: ErrorCode, found: string) => AppError,
): RangeReply {
  const length = parseLength(headers.get(CONTENT_LENGTH));
  const isCompressed = bodyEncodingOf(headers) === "compressed";
  if (status === 200) {
    // A body of the blob's own size is the blob: some storage marks compressed layers as encoded.
    if (isCompressed && length !== request.size) {
      return { kind: "bytes", first: 0, end: request.size, isCompressed };
    }
    checkEncoding(headers, length === request.size, refuse);
    checkSize(length, request.size, refuse);
    return { kind: "bytes", first: 0, end: request.size, isCompressed: false };
  }
  const range = parseContentRange(headers.get(CONTENT_RANGE));
  if (status === 416) {
    if (range?.kind === "unsatisfied") checkSize(range.total, request.size, refuse);
    if (request.offset === 0) throw refuse("network", "answered 416 to a request without a range");
    return { kind: "no-range", why: "answered 416 to a valid range" };
  }
  if (range?.kind !== "range") {
    return rejectRange(request, "sent a part without a valid Content-Range", refuse);
  }
  if (isCompressed && range.total !== request.size) {
    return rejectRange(request, "sent a part of the compressed bytes", refuse);
  }
  checkSize(range.total, request.size, refuse);
  if (range.first !== request.offset) {
    return rejectRange(request, `sent bytes from ${range.first}, expected ${request.offset}`, refuse);
  }
  if (range.last >= request.size || length !== undefined && length !== range.last - range.first + 1) {
    return rejectRange(request, "sent a part that contradicts its Content-Range", refuse);
  }
  checkEncoding(headers, length !== undefined, refuse);
  return { kind: "bytes", first: range.first, end: range.last + 1, isCompressed: false };
}

function rejectRange(
  { offset }: RangeRequest,
  why: string,
  refuse: (code: ErrorCode, found: string) => AppError,
): RangeReply {
  if (offset === 0) throw refuse("network", `${why}, to a request without a range`);
  return { kind: "no-range", why };
}

function checkSize(
  found: number | undefined,
  want: number,
  refuse: (code: ErrorCode, found: string) => AppError,
): void {
  if (found !== undefined && found !== want) {
    throw refuse("size_mismatch", `has ${found} bytes, expected ${want}`);
  }
}

/**
 * Some storage marks a compressed layer as encoded but sends the blob's own bytes; then the length is right.
 * Any other encoding changes the bytes, and the digest wouldn't match.
 */
function checkEncoding(
  headers: HeaderFields,
  isRightLength: boolean,
  refuse: (code: ErrorCode, found: string) => AppError,
): void {
  const encoding = headers.get(CONTENT_ENCODING);
  if (encoding === null || bodyEncodingOf(headers) === "none" || isRightLength) return;
  throw refuse("unsupported", `sent it with Content-Encoding "${encoding}", want no encoding`);
}

function parseLength(value: string | null): number | undefined {
  if (value === null || !/^[0-9]+$/.test(value)) return undefined;
  const length = Number(value);
  return Number.isSafeInteger(length) ? length : undefined;
}
