/**
 * Comparing the content of stored layers with the diff ids of their config.
 *
 * @module
 */
import { KIB, readFull } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { loadHashing } from "../../base/hash.ts";
import { type Compression, compressionOf, MAGIC_BYTES } from "../../compress/compression.ts";
import { openDecoder } from "../../compress/decoder.ts";
import { DEFAULT_EXPANSION } from "../../compress/limits.ts";
import type { ContentReader } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, type Digest, hexOf, makeDigest } from "../../oci/digest.ts";
import { DOCKER_LAYER, OCI_LAYER } from "../../oci/media_type.ts";

/**
 * Hashes the uncompressed content of a stored layer.
 *
 * @returns the compression, and the hash in hexadecimal, with the algorithm of the diff id
 * @throws AppError `not_found`; `invalid_content`, `limit_exceeded` for a layer that can't be decompressed;
 * the signal's reason
 */
export async function hashUncompressed(
  store: ContentReader,
  digest: Digest,
  diffId: Digest,
  signal: AbortSignal,
): Promise<{ readonly compression: Compression; readonly got: string }> {
  using blob = await store.openBlob(digest);
  const buffer = new Uint8Array(256 * KIB);
  const head = await readFull(blob, buffer.subarray(0, MAGIC_BYTES));
  const compression = compressionOf(buffer.subarray(0, head));
  // The digest of an uncompressed blob is that of its content: no need to hash it again.
  if (compression === "none" && algorithmOf(digest) === algorithmOf(diffId)) {
    return { compression, got: hexOf(digest) };
  }
  const hasher = (await loadHashing())(algorithmOf(diffId));
  using decoder = await openDecoder(compression, DEFAULT_EXPANSION);
  for (let n: number | null = head; n !== null; n = await blob.read(buffer)) {
    signal.throwIfAborted();
    for (const chunk of decoder.decode(buffer.subarray(0, n))) hasher.update(chunk);
  }
  for (const chunk of decoder.finish()) hasher.update(chunk);
  return { compression, got: hasher.hex() };
}

/**
 * Checks the layers of an image that are stored uncompressed. Their digest must be the diff id: otherwise the
 * image names a config that belongs to other layers, and would share the image id of an honest image. Reads
 * only a few bytes, and only of layers whose media type says that they are uncompressed; those can still be
 * compressed.
 *
 * @throws AppError `digest_mismatch`
 */
export async function checkUncompressedLayers(
  store: ContentReader,
  layers: readonly Descriptor[],
  diffIds: readonly Digest[],
): Promise<void> {
  for (const [i, layer] of layers.entries()) {
    const diffId = diffIds[i];
    if (diffId === undefined || layer.digest === diffId || !isUncompressedType(layer.mediaType)) continue;
    if (algorithmOf(layer.digest) !== algorithmOf(diffId)) continue;
    if (await isCompressed(store, layer.digest)) continue;
    throw new AppError(
      "digest_mismatch",
      `Cannot use layer "${layer.digest}": it is uncompressed, but the config has the diff id "${diffId}" for it`,
      { details: { want: diffId, got: layer.digest } },
    );
  }
}

function isUncompressedType(mediaType: string): boolean {
  return mediaType === OCI_LAYER || mediaType === DOCKER_LAYER;
}

/**
 * First bytes of xz, bzip2, lz4 and compress: such a layer can't be unpacked, but its digest differs from its
 * diff id.
 */
const OTHER_MAGICS: readonly (readonly number[])[] = [
  [0xfd, 0x37, 0x7a, 0x58],
  [0x42, 0x5a, 0x68],
  [0x04, 0x22, 0x4d, 0x18],
  [0x1f, 0x9d],
];

async function isCompressed(store: ContentReader, digest: Digest): Promise<boolean> {
  using blob = await store.openBlob(digest);
  const buffer = new Uint8Array(MAGIC_BYTES);
  const head = buffer.subarray(0, await readFull(blob, buffer));
  return compressionOf(head) !== "none" ||
    OTHER_MAGICS.some((magic) => magic.every((byte, i) => head[i] === byte));
}

/**
 * Checks that all layers of an image have the content that its config names.
 *
 * @throws AppError `digest_mismatch`, and the errors of {@linkcode hashUncompressed}
 */
export async function checkLayerContent(
  store: ContentReader,
  layers: readonly Descriptor[],
  diffIds: readonly Digest[],
  signal: AbortSignal,
): Promise<void> {
  for (const [i, { digest }] of layers.entries()) {
    const diffId = diffIds[i];
    if (diffId === undefined) continue;
    const { got } = await hashUncompressed(store, digest, diffId, signal);
    if (got === hexOf(diffId)) continue;
    throw new AppError(
      "digest_mismatch",
      `Cannot use layer "${digest}": its uncompressed content has the digest ` +
        `"${makeDigest(algorithmOf(diffId), got)}" instead of "${diffId}"`,
      { details: { want: diffId } },
    );
  }
}
