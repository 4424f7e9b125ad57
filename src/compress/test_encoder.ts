/**
 * Compression for the tests of the decoders. The program itself never compresses.
 *
 * @module
 */
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import type { Compression } from "./compression.ts";

/** One gzip member, one zstd frame with a checksum, or the bytes unchanged. */
export function encode(compression: Compression, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  switch (compression) {
    case "none":
      return bytes.slice();
    case "gzip":
      return Uint8Array.from(gzipSync(bytes));
    case "zstd":
      return Uint8Array.from(zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }));
  }
}
