/**
 * Decompresses requests.
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";
import { openDecoder } from "../../compress/decoder.ts";

/** The maximum compression ratio. Stops: gzip bombs. DEFLATE can't exceed 1032:1. */
const RATIO = 1100;

/**
 * Decompresses a gzip-compressed message.
 *
 * @param limit maximum bytes of the result
 * @throws AppError `limit_exceeded`, `invalid_content`
 */
export async function gunzip(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  using decoder = await openDecoder("gzip", { unpackedBytes: limit, ratio: RATIO });
  const chunks: Uint8Array[] = [];
  for (const chunk of decoder.decode(bytes)) chunks.push(chunk.slice());
  for (const chunk of decoder.finish()) chunks.push(chunk.slice());
  return concatBytes(chunks);
}
