/**
 * What a host did with a wish for the bytes from an offset on (RFC 9110, 14 Range Requests).
 *
 * @module
 */
import type { AppError, ErrorCode } from "../../base/errors.ts";
import { parseContentRange } from "../../http/message/content_range.ts";
import type { HeaderFields } from "../../http/message/http_message.ts";
import { CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE } from "../../http/message/http_names.ts";

/** What the body holds, or why it is of no use. */
export type RangeReply =
  /** The bytes from `first` to before `end`. */
  | { readonly kind: "bytes"; readonly first: number; readonly end: number }
  /** The host can't be trusted to begin in the middle; it may still send the whole. */
  | { readonly kind: "no-range"; readonly why: string };

/** What was wished for. */
export interface RangeRequest {
  /** The first byte wanted. Only if it is over 0 was there a Range header. */
  readonly offset: number;
  /** Bytes of the whole. */
  readonly size: number;
}

/**
 * Judges a response of status 200, 206 or 416.
 *
 * @param refuse makes the error of what was found
 * @throws AppError `size_mismatch` if the host has another size, `unsupported` for an encoding, `network` for nonsense
 */
export function validateRangeReply(
  status: number,
  headers: HeaderFields,
  wish: RangeRequest,
  refuse: (code: ErrorCode, found: string) => AppError,
): RangeReply {
  const length = parseLength(headers.get(CONTENT_LENGTH));
  if (status === 200) {
    checkEncoding(headers, length === wish.size, refuse);
    checkSize(length, wish.size, refuse);
    return { kind: "bytes", first: 0, end: wish.size };
  }
  const range = parseContentRange(headers.get(CONTENT_RANGE));
  if (status === 416) {
    if (range?.kind === "unsatisfied") checkSize(range.total, wish.size, refuse);
    if (wish.offset === 0) throw refuse("network", "answered 416 to a request without a range");
    return { kind: "no-range", why: "answered 416 to a range that must be there" };
  }
  if (range?.kind !== "range") return distrust(wish, "sent a part without saying which", refuse);
  checkSize(range.total, wish.size, refuse);
  if (range.first !== wish.offset) {
    return distrust(wish, `sent the bytes from ${range.first} on, want ${wish.offset}`, refuse);
  }
  if (range.last >= wish.size || length !== undefined && length !== range.last - range.first + 1) {
    return distrust(wish, "sent a part that contradicts itself", refuse);
  }
  checkEncoding(headers, length !== undefined, refuse);
  return { kind: "bytes", first: range.first, end: range.last + 1 };
}

function distrust(
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
    throw refuse("size_mismatch", `has ${found} bytes, want ${want}`);
  }
}

/**
 * Storage that marks a compressed layer as encoded sends the blob's own bytes, and their number fits; any other
 * encoding changes the bytes, and a digest is of the bytes as they are stored.
 */
function checkEncoding(
  headers: HeaderFields,
  isRightLength: boolean,
  refuse: (code: ErrorCode, found: string) => AppError,
): void {
  const encoding = headers.get(CONTENT_ENCODING);
  if (encoding === null || encoding.trim().toLowerCase() === "identity" || isRightLength) return;
  throw refuse("unsupported", `sent it with Content-Encoding "${encoding}", want the bytes as they are`);
}

function parseLength(value: string | null): number | undefined {
  if (value === null || !/^[0-9]+$/.test(value)) return undefined;
  const length = Number(value);
  return Number.isSafeInteger(length) ? length : undefined;
}
