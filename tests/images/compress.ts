/**
 * Compressed layers for tests.
 *
 * @module
 */
import { concatBytes, KIB } from "../../src/base/bytes.ts";

/** The compression of a layer. */
export type Compression = "gzip" | "zstd" | "none";

/** Compresses bytes. */
export async function compress(
  bytes: Uint8Array<ArrayBuffer>,
  compression: Compression,
): Promise<Uint8Array<ArrayBuffer>> {
  switch (compression) {
    case "none":
      return bytes;
    case "zstd":
      return zstdFrame(bytes);
    case "gzip": {
      const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
      return new Uint8Array(await new Response(packed).arrayBuffer());
    }
  }
}

const ZSTD_BLOCK_MAX_BYTES = 128 * KIB;

/** Makes a zstd frame of raw blocks (RFC 8878, 3.1.1), because not every runtime can compress zstd. */
function zstdFrame(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  // The magic number; a descriptor for an 8-byte content size and a single segment; the size.
  const head = new Uint8Array(13);
  head.set([0x28, 0xb5, 0x2f, 0xfd, 0xe0]);
  new DataView(head.buffer).setBigUint64(5, BigInt(bytes.length), true);
  const parts: Uint8Array[] = [head];
  for (let at = 0;; at += ZSTD_BLOCK_MAX_BYTES) {
    const block = bytes.subarray(at, at + ZSTD_BLOCK_MAX_BYTES);
    const last = at + ZSTD_BLOCK_MAX_BYTES >= bytes.length;
    const word = block.length * 8 + (last ? 1 : 0);
    parts.push(Uint8Array.of(word & 0xff, (word >> 8) & 0xff, (word >> 16) & 0xff), block);
    if (last) return concatBytes(parts);
  }
}
