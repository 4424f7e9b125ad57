/**
 * Limits for decompression.
 *
 * @module
 */
import { GIB } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";

/** How much a stream may expand. */
export interface ExpansionLimits {
  /** The most decompressed bytes. */
  readonly unpackedBytes: number;
  /**
   * The most decompressed bytes per compressed byte, checked after the first {@linkcode RATIO_FREE_BYTES}.
   * Programs and text stay under 20. The maximum of gzip is 1032, reached only by zeros; zstd can encode 128
   * KiB in 4 bytes.
   */
  readonly ratio: number;
}

/**
 * The ratio is checked only after this much output: smaller bombs are harmless, and a log file of zeros isn't
 * an attack.
 */
export const RATIO_FREE_BYTES = GIB;

/** The limits for untrusted layers and archives. */
export const DEFAULT_EXPANSION: ExpansionLimits = { unpackedBytes: 256 * GIB, ratio: 250 };

/**
 * Checks the output so far.
 *
 * @throws AppError `limit_exceeded`
 */
export function checkExpansion(bytesIn: number, bytesOut: number, limits: ExpansionLimits): void {
  if (bytesOut > limits.unpackedBytes) {
    throw new AppError(
      "limit_exceeded",
      `Cannot decompress: the output has more than ${limits.unpackedBytes} bytes`,
      { details: { limit: "unpackedBytes", most: limits.unpackedBytes } },
    );
  }
  if (bytesOut > RATIO_FREE_BYTES && bytesOut > bytesIn * limits.ratio) {
    throw new AppError(
      "limit_exceeded",
      `Cannot decompress: ${bytesIn} bytes expand to ${bytesOut} or more, but the limit is ${limits.ratio} times`,
      { details: { limit: "ratio", most: limits.ratio, bytesIn, bytesOut } },
    );
  }
}
