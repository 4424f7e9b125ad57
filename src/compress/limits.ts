/**
 * How far bytes may expand.
 *
 * @module
 */
import { GIB } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";

/** What decompression may give. */
export interface ExpansionLimits {
  /** The most bytes that may come out. */
  readonly unpackedBytes: number;
  /**
   * The most bytes out per byte in, once {@linkcode RATIO_FREE_BYTES} are out. Programs and text stay under 20; gzip
   * can't pass 1032, and gets there with zeros alone; zstd can say 128 KiB in 4 bytes.
   */
  readonly ratio: number;
}

/** Small bombs harm nobody, and a log file of zeros is no attack: the ratio counts from here on. */
export const RATIO_FREE_BYTES = GIB;

/** The limits for layers and archives whose maker is not known. */
export const DEFAULT_EXPANSION: ExpansionLimits = { unpackedBytes: 256 * GIB, ratio: 250 };

/**
 * Checks what came out so far.
 *
 * @throws AppError `limit_exceeded`
 */
export function checkExpansion(bytesIn: number, bytesOut: number, limits: ExpansionLimits): void {
  if (bytesOut > limits.unpackedBytes) {
    throw new AppError(
      "limit_exceeded",
      `Cannot decompress: more than ${limits.unpackedBytes} bytes come out`,
      { details: { limit: "unpackedBytes", most: limits.unpackedBytes } },
    );
  }
  if (bytesOut > RATIO_FREE_BYTES && bytesOut > bytesIn * limits.ratio) {
    throw new AppError(
      "limit_exceeded",
      `Cannot decompress: ${bytesIn} bytes expand to ${bytesOut} and more, want at most ${limits.ratio} times`,
      { details: { limit: "ratio", most: limits.ratio, bytesIn, bytesOut } },
    );
  }
}
