/**
 * Reading a layer: decompressed, hashed and parsed in one pass, proved at its end.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { compressionOfMediaType } from "../../compress/compression.ts";
import { DEFAULT_EXPANSION, type ExpansionLimits } from "../../compress/limits.ts";
import { algorithmOf, type Digest, makeDigest } from "../../oci/digest.ts";
import { essenceOf } from "../../oci/media_type.ts";
import type { TarSink } from "../../tar/entry.ts";
import { DEFAULT_TAR_LIMITS, type TarLimits } from "../../tar/limits.ts";
import { TarParser } from "../../tar/parser.ts";
import { DECODE_INLINE, type LayerDecoder, type PackedLayer } from "../decode/decode.ts";

/** What a layer may ask for. */
export interface LayerLimits extends ExpansionLimits, TarLimits {}

/** The limits for images whose maker is not known. */
export const DEFAULT_LAYER_LIMITS: LayerLimits = { ...DEFAULT_EXPANSION, ...DEFAULT_TAR_LIMITS };

/** A layer to be read. Its reader stays the caller's to close. */
export interface LayerSource extends PackedLayer {
  /** What the config says its uncompressed bytes hash to. */
  readonly diffId: Digest;
}

/** Facts about a layer that was read. */
export interface LayerSizes {
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
  decoder: LayerDecoder = DECODE_INLINE,
): Promise<LayerSizes> {
  signal.throwIfAborted();
  checkMediaType(source.mediaType);
  const algorithm = algorithmOf(source.diffId);
  const parser = new TarParser(sink, limits);
  const { hex, bytesIn, bytesOut } = await decoder.decode(
    source,
    { algorithm, limits },
    (chunk) => parser.push(chunk),
    signal,
  );
  parser.finish("optional");
  const got = makeDigest(algorithm, hex);
  if (got !== source.diffId) {
    throw new AppError(
      "digest_mismatch",
      `Cannot unpack layer: its uncompressed bytes hash to "${got}", want "${source.diffId}" as the config says`,
      { details: { want: source.diffId, got } },
    );
  }
  return { packedBytes: bytesIn, unpackedBytes: bytesOut };
}

function checkMediaType(mediaType: string): void {
  if (compressionOfMediaType(essenceOf(mediaType)) !== undefined) return;
  throw new AppError(
    "unsupported",
    `Cannot unpack layer of type "${mediaType}": want a tar archive, gzip or zstd`,
  );
}
