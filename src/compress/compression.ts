/**
 * Detects the compression of a stream by its magic or by its media type.
 *
 * @module
 */

/** How a stream of bytes is compressed. */
export type Compression = "gzip" | "zstd" | "none";

/** The bytes that {@linkcode compressionOf} needs; a shorter stream may have fewer. */
export const MAGIC_BYTES = 4;

/** A zstd skippable frame (RFC 8878, 3.1.2) starts with any of `50..5f 2a 4d 18`. */
export function isSkippableMagic(head: Uint8Array): boolean {
  const [a, b, c, d] = head;
  return a !== undefined && a >= 0x50 && a <= 0x5f && b === 0x2a && c === 0x4d && d === 0x18;
}

/** Whether a zstd frame (RFC 8878, 3.1.1) starts here. */
export function isZstdMagic(head: Uint8Array): boolean {
  return head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd;
}

/**
 * Detects the compression by the first bytes of a stream. Without a known magic the stream counts as
 * uncompressed.
 */
export function compressionOf(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  if (isZstdMagic(head) || isSkippableMagic(head)) return "zstd";
  return "none";
}

/**
 * The compression in the media type of an OCI or Docker layer (OCI image spec 1.1, media-types.md). Returns
 * undefined for a type that isn't a tar archive, or that has a further suffix such as `+encrypted`.
 */
export function compressionOfMediaType(mediaType: string): Compression | undefined {
  const match = /\.tar(?:[.+](gzip|zstd))?$/.exec(mediaType);
  if (match === null) return undefined;
  return match[1] === "gzip" || match[1] === "zstd" ? match[1] : "none";
}
