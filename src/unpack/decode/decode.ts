/**
 * A layer's blob becomes the bytes of its archive, decompressed and hashed in one pass.
 *
 * @module
 */
import { type ByteReader, KIB, readFull } from "../../base/bytes.ts";
import { type HashAlgorithm, loadHashing } from "../../base/hash.ts";
import { compressionOf } from "../../compress/compression.ts";
import { openDecoder } from "../../compress/decoder.ts";
import type { ExpansionLimits } from "../../compress/limits.ts";

/** Reads larger than this gain nothing. */
const INPUT_BYTES = 256 * KIB;

/** A blob, as far as a decoder needs to know it. */
export interface PackedLayer {
  /** The blob's bytes, from the first. */
  readonly reader: ByteReader;
  /** The file that the blob is, from its first byte to its last: for decoders that read it by themselves. */
  readonly file?: { readonly path: string; readonly size: number };
  /** What the manifest calls it. */
  readonly mediaType: string;
}

/** What is wanted of a decoder. */
export interface DecodeTask {
  /** What the archive is hashed with. */
  readonly algorithm: HashAlgorithm;
  /** How far the blob may expand. */
  readonly limits: ExpansionLimits;
}

/** What was decoded. */
export interface UnhashedLayer {
  /** Bytes of the blob. */
  readonly bytesIn: number;
  /** Bytes of the archive. */
  readonly bytesOut: number;
}

/** What is known when all is decoded. */
export interface DecodedLayer extends UnhashedLayer {
  /** What the archive hashes to, in lower-case hexadecimal. */
  readonly hex: string;
}

/** Decodes layers. */
export interface LayerDecoder {
  /**
   * Decodes a layer.
   *
   * @param take gets the archive's bytes in order, each chunk only good during the call; what it throws ends the work
   * @throws AppError `invalid_content`, `limit_exceeded`; what the reader throws; the signal's reason
   */
  decode(
    layer: PackedLayer,
    task: DecodeTask,
    take: (chunk: Uint8Array) => void,
    signal: AbortSignal,
  ): Promise<DecodedLayer>;
}

/** Decodes on the thread that we are on. */
export const DECODE_INLINE: LayerDecoder = {
  async decode({ reader }, { algorithm, limits }, take, signal) {
    const hasher = (await loadHashing())(algorithm);
    const input = new Uint8Array(INPUT_BYTES);
    // The magic decides: media types of real images are wrong now and then, and the digest proves the bytes anyway.
    let filled = await readFull(reader, input);
    using decoder = await openDecoder(compressionOf(input.subarray(0, filled)), limits);
    const takeAll = (chunks: Iterable<Uint8Array>) => {
      for (const chunk of chunks) {
        hasher.update(chunk);
        take(chunk);
      }
    };
    while (filled > 0) {
      signal.throwIfAborted();
      takeAll(decoder.decode(input.subarray(0, filled)));
      filled = await reader.read(input) ?? 0;
    }
    takeAll(decoder.finish());
    return { hex: hasher.hex(), bytesIn: decoder.bytesIn, bytesOut: decoder.bytesOut };
  },
};
