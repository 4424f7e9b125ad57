/**
 * Reads a layer: decompresses, hashes and parses it in one pass, and verifies its digest at the end.
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

/** The limits of one layer. */
export interface LayerLimits extends ExpansionLimits, TarLimits {}

/** The limits for untrusted images. */
export const DEFAULT_LAYER_LIMITS: LayerLimits = { ...DEFAULT_EXPANSION, ...DEFAULT_TAR_LIMITS };

/** A layer to read. The caller closes its reader. */
export interface LayerSource extends PackedLayer {
  /** The digest of the uncompressed layer, from the image config. */
  readonly diffId: Digest;
}

/** The sizes of a layer that was read. */
export interface LayerSizes {
  /** Bytes of the blob. */
  readonly packedBytes: number;
  /** Bytes of the archive. */
  readonly unpackedBytes: number;
}

/**
 * Reads a layer into a sink. The content is verified only when this function returns: until then, whatever
 * the sink created must not be used.
 *
 * @throws AppError `digest_mismatch`, `invalid_content`, `unsupported`, `limit_exceeded`; errors of the sink;
 * the signal's reason
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
      `Cannot unpack layer: its uncompressed bytes hash to "${got}", but the image config has "${source.diffId}"`,
      { details: { want: source.diffId, got } },
    );
  }
  return { packedBytes: bytesIn, unpackedBytes: bytesOut };
}

/** General types that some build tools give to layers. The compression is detected from the content anyway. */
const GENERAL_TYPES = new Set([
  "application/gzip",
  "application/octet-stream",
  "application/tar",
  "application/tar+gzip",
  "application/x-gzip",
  "application/x-tar",
  "application/x-tgz",
  "application/zstd",
]);

function checkMediaType(mediaType: string): void {
  const type = essenceOf(mediaType);
  if (compressionOfMediaType(type) !== undefined || GENERAL_TYPES.has(type)) return;
  throw new AppError(
    "unsupported",
    `Cannot unpack layer of type "${mediaType}": only tar archives, plain or with gzip or zstd, are supported`,
  );
}
