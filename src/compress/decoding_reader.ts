/**
 * Decompression as a reader, for code that reads an archive entry by entry.
 *
 * @module
 */
import { type ByteReader, KIB, readFull } from "../base/bytes.ts";
import { type Compression, compressionOf, MAGIC_BYTES } from "./compression.ts";
import { type Decoder, openDecoder } from "./decoder.ts";
import type { ExpansionLimits } from "./limits.ts";

/** Small reads are cheap, and give the first output early. */
const INPUT_BYTES = 64 * KIB;

/** Reads the decompressed bytes of a source. Dispose it on every path; the caller closes the source. */
export interface DecodingReader extends ByteReader, Disposable {
  /** The detected compression. */
  readonly compression: Compression;
}

/**
 * Detects the compression of a source and opens a reader for its decompressed bytes.
 *
 * @throws AppError `invalid_content`, `limit_exceeded`, from this function and from `read`
 */
export async function openDecodingReader(
  source: ByteReader,
  limits: ExpansionLimits,
): Promise<DecodingReader> {
  const input = new Uint8Array(INPUT_BYTES);
  const filled = await readFull(source, input.subarray(0, MAGIC_BYTES));
  const compression = compressionOf(input.subarray(0, filled));
  const decoder = await openDecoder(compression, limits);
  const chunks = decodedChunks(source, input, filled, decoder);
  let chunk: Uint8Array = new Uint8Array(0);
  return {
    compression,
    async read(buffer) {
      while (chunk.length === 0) {
        const { done, value } = await chunks.next();
        if (done) return null;
        chunk = value;
      }
      const length = Math.min(chunk.length, buffer.length);
      buffer.set(chunk.subarray(0, length));
      chunk = chunk.subarray(length);
      return length;
    },
    [Symbol.dispose]: () => decoder[Symbol.dispose](),
  };
}

async function* decodedChunks(
  source: ByteReader,
  input: Uint8Array,
  filled: number,
  decoder: Decoder,
): AsyncGenerator<Uint8Array, undefined> {
  for (let length: number | null = filled; length !== null; length = await source.read(input)) {
    yield* decoder.decode(input.subarray(0, length));
  }
  yield* decoder.finish();
}
