/**
 * Reading a layer: decompressed, hashed and parsed in one pass, proved at its end.
 *
 * @module
 */
import { type ByteReader, KIB, readFull } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";
import { loadHashing } from "../base/hash.ts";
import { compressionOf, compressionOfMediaType } from "../compress/compression.ts";
import { openDecoder } from "../compress/decoder.ts";
import { DEFAULT_EXPANSION, type ExpansionLimits } from "../compress/limits.ts";
import { algorithmOf, type Digest, makeDigest } from "../oci/digest.ts";
import { essenceOf } from "../oci/media_type.ts";
import type { TarSink } from "../tar/entry.ts";
import { DEFAULT_TAR_LIMITS, type TarLimits } from "../tar/limits.ts";
import { TarParser } from "../tar/parser.ts";

/** Reads larger than this gain nothing. */
const INPUT_BYTES = 256 * KIB;

/** What a layer may ask for. */
export interface LayerLimits extends ExpansionLimits, TarLimits {}

/** The limits for images whose maker is not known. */
export const DEFAULT_LAYER_LIMITS: LayerLimits = { ...DEFAULT_EXPANSION, ...DEFAULT_TAR_LIMITS };

/** A layer to be read. */
export interface LayerSource {
  /** The blob's bytes, from the first. It stays the caller's to close. */
  readonly reader: ByteReader;
  /** What the manifest calls it. */
  readonly mediaType: string;
  /** What the config says its uncompressed bytes hash to. */
  readonly diffId: Digest;
}

/** Facts about a layer that was read. */
export interface LayerFacts {
  /** Bytes of the blob. */
  readonly packedBytes: number;
  /** Bytes of the archive. */
  readonly unpackedBytes: number;
}

/**
 * Reads a layer into a sink. Only when it returns is it proved that the bytes were those of the config: until then,
 * what the sink has made must not count.
 *
 * @throws AppError `digest_mismatch`, `invalid_content`, `unsupported`, `limit_exceeded`; what the sink throws; the
 * signal's reason
 */
export async function readLayer(
  source: LayerSource,
  sink: TarSink,
  limits: LayerLimits,
  signal: AbortSignal,
): Promise<LayerFacts> {
  signal.throwIfAborted();
  const { reader, diffId } = source;
  checkMediaType(source.mediaType);
  const algorithm = algorithmOf(diffId);
  const hasher = (await loadHashing())(algorithm);
  const parser = new TarParser(sink, limits);
  const input = new Uint8Array(INPUT_BYTES);
  // The magic decides: media types of real images are wrong now and then, and the digest proves the bytes anyway.
  let filled = await readFull(reader, input);
  using decoder = await openDecoder(compressionOf(input.subarray(0, filled)), limits);
  const take = (chunks: Iterable<Uint8Array>) => {
    for (const chunk of chunks) {
      hasher.update(chunk);
      parser.push(chunk);
    }
  };
  while (filled > 0) {
    signal.throwIfAborted();
    take(decoder.decode(input.subarray(0, filled)));
    filled = await reader.read(input) ?? 0;
  }
  take(decoder.finish());
  parser.finish("optional");
  const got = makeDigest(algorithm, hasher.hex());
  if (got !== diffId) {
    throw new AppError(
      "digest_mismatch",
      `Cannot unpack layer: its uncompressed bytes hash to "${got}", want "${diffId}" as the config says`,
      { details: { want: diffId, got } },
    );
  }
  return { packedBytes: decoder.bytesIn, unpackedBytes: decoder.bytesOut };
}

function checkMediaType(mediaType: string): void {
  if (compressionOfMediaType(essenceOf(mediaType)) !== undefined) return;
  throw new AppError(
    "unsupported",
    `Cannot unpack layer of type "${mediaType}": want a tar archive, gzip or zstd`,
  );
}
