/**
 * Decompresses requests.
 *
 * @module
 */
import { sleep } from "../../base/concurrency/abort.ts";
import { concatBytes, MIB } from "../../base/bytes.ts";
import { openDecoder } from "../../compress/decoder.ts";

/** The maximum compression ratio. Stops: gzip bombs. DEFLATE can't exceed 1032:1. */
const RATIO = 1100;

/**
 * Bytes after which other events are processed. Decompression takes a client a thousandth of the bytes that it makes the
 * server produce. Stops: blocking all other calls with gzip bombs.
 */
const PAUSE_BYTES = MIB;

/**
 * Decompresses a gzip-compressed message.
 *
 * @param limit maximum bytes of the result
 * @throws AppError `limit_exceeded`, `invalid_content`, or the signal's reason
 */
export async function gunzip(bytes: Uint8Array, limit: number, signal: AbortSignal): Promise<Uint8Array> {
  using decoder = await openDecoder("gzip", { unpackedBytes: limit, ratio: RATIO });
  const chunks: Uint8Array[] = [];
  let pauseAt = PAUSE_BYTES;
  let length = 0;
  for (const chunk of decoder.decode(bytes)) {
    chunks.push(chunk.slice());
    length += chunk.length;
    if (length < pauseAt) continue;
    pauseAt = length + PAUSE_BYTES;
    await sleep(0, signal);
  }
  for (const chunk of decoder.finish()) chunks.push(chunk.slice());
  return concatBytes(chunks);
}
