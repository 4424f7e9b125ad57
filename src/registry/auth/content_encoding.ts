/**
 * Decodes the Content-Encoding of responses (RFC 9110, section 8.4). Requests accept only identity, but some registries
 * and proxies compress nevertheless. A digest is that of the decoded bytes.
 *
 * @module
 */
import { type ByteReader, readAll } from "../../base/bytes.ts";
import { openDecodingReader } from "../../compress/decoding_reader.ts";
import type { ExpansionLimits } from "../../compress/limits.ts";
import type { HeaderFields } from "../../http/message/http_message.ts";
import { CONTENT_ENCODING } from "../../http/message/http_names.ts";

/** Labels of bytes that are sent unchanged: object stores send back what the uploader wrote into the header. */
const UNCHANGED = new Set(["", "identity", "none", "binary", "utf-8", "utf8", "aws-chunked"]);
const COMPRESSED = new Set(["gzip", "x-gzip", "zstd"]);
/** The readers below limit the output: they stop at their own limit, and decompression happens as they read. */
const NO_LIMITS: ExpansionLimits = { unpackedBytes: Infinity, ratio: Infinity };

/** How a body is encoded; "other" can't be decoded. */
export type BodyEncoding = "none" | "compressed" | "other";

/** Returns the encoding that the headers declare. */
export function bodyEncodingOf(headers: HeaderFields): BodyEncoding {
  const codings = (headers.get(CONTENT_ENCODING) ?? "").toLowerCase().split(",")
    .map((coding) => coding.trim()).filter((coding) => !UNCHANGED.has(coding));
  const [coding, ...others] = codings;
  if (coding === undefined) return "none";
  return others.length === 0 && COMPRESSED.has(coding) ? "compressed" : "other";
}

/**
 * Opens a reader of decompressed bytes. Bytes that aren't compressed, whatever the header says, are returned unchanged.
 * Dispose it; the caller closes `body`.
 *
 * @throws AppError `invalid_content` for corrupt data, also from `read`
 */
export async function decompressedReader(body: ByteReader): Promise<ByteReader & Disposable> {
  return await openDecodingReader(body, NO_LIMITS);
}

/**
 * Reads a whole body and decodes it.
 *
 * @param limit maximum size after decoding, in bytes
 * @param what describes the body in errors
 * @throws AppError `limit_exceeded`, or `invalid_content` for corrupt compressed data
 */
export async function readDecoded(
  body: ByteReader,
  headers: HeaderFields,
  limit: number,
  what: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (bodyEncodingOf(headers) !== "compressed") return await readAll(body, limit, what);
  using decoded = await decompressedReader(body);
  return await readAll(decoded, limit, what);
}
