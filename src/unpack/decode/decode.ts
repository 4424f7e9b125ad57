/**
 * Decodes a layer: its blob is decompressed, and the archive is hashed, in one pass.
 *
 * @module
 */
import { type ByteReader, KIB, readFull } from "../../base/bytes.ts";
import { type HashAlgorithm, loadHashing } from "../../base/hash.ts";
import { compressionOf } from "../../compress/compression.ts";
import { openDecoder } from "../../compress/decoder.ts";
import type { ExpansionLimits } from "../../compress/limits.ts";

/** Larger reads are not faster. */
const INPUT_BYTES = 256 * KIB;

/** The blob of a layer. */
export interface PackedLayer {
  /** Reads the blob from its first byte. */
  readonly reader: ByteReader;
  /** The file that holds exactly the blob, for decoders on other threads, which open it. */
  readonly file?: { readonly path: string; readonly size: number };
  /** The media type in the manifest. */
  readonly mediaType: string;
}

/** The settings of a decoder. */
export interface DecodeTask {
  /** The algorithm that hashes the archive. */
  readonly algorithm: HashAlgorithm;
  /** How much the blob may expand. */
  readonly limits: ExpansionLimits;
}

/** The sizes of a decoded layer. */
export interface DecodedSizes {
  /** Bytes of the blob. */
  readonly bytesIn: number;
  /** Bytes of the archive. */
  readonly bytesOut: number;
}

/** The result of decoding a layer. */
export interface DecodedLayer extends DecodedSizes {
  /** The hash of the archive in lower-case hexadecimal. */
  readonly hex: string;
}

/** Decodes layers. */
export interface LayerDecoder {
  /**
   * Decodes a layer.
   *
   * @param onChunk receives the archive's bytes in order; a chunk is valid only during the call. An error
   * that it throws ends the decoding
   * @throws AppError `invalid_content`, `limit_exceeded`; errors of the reader and of `onChunk`; the signal's
   * reason
   */
  decode(
    layer: PackedLayer,
    task: DecodeTask,
    onChunk: (chunk: Uint8Array) => void,
    signal: AbortSignal,
  ): Promise<DecodedLayer>;
}

/** Decodes on the calling thread. */
export const DECODE_INLINE: LayerDecoder = {
  async decode({ reader }, { algorithm, limits }, onChunk, signal) {
    const hasher = (await loadHashing())(algorithm);
    const input = new Uint8Array(INPUT_BYTES);
    // Detect the format by its magic: some real images have a wrong media type, and the digest is verified
    // anyway.
    let filled = await readFull(reader, input);
    using decoder = await openDecoder(compressionOf(input.subarray(0, filled)), limits);
    const emit = (chunks: Iterable<Uint8Array>) => {
      for (const chunk of chunks) {
        hasher.update(chunk);
        onChunk(chunk);
      }
    };
    while (filled > 0) {
      signal.throwIfAborted();
      emit(decoder.decode(input.subarray(0, filled)));
      filled = await reader.read(input) ?? 0;
    }
    emit(decoder.finish());
    return { hex: hasher.hex(), bytesIn: decoder.bytesIn, bytesOut: decoder.bytesOut };
  },
};
