/**
 * How much an archive may ask for.
 *
 * @module
 */
import { MIB } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";

/** What a reader accepts. Every limit has its name in the error's details. */
export interface TarLimits {
  /** Headers of all kinds. The largest real images have under a million files. */
  readonly entries: number;
  /** Bytes of a name or link target. Linux takes no path over 4096. */
  readonly pathBytes: number;
  /** Bytes of one PAX header or sparse map. An xattr has at most 64 KiB, and few files have more than two. */
  readonly paxBytes: number;
}

/** The limits for archives whose maker is not known. */
export const DEFAULT_TAR_LIMITS: TarLimits = { entries: 4_000_000, pathBytes: 4096, paxBytes: MIB };

/**
 * Checks a count against its limit.
 *
 * @throws AppError `limit_exceeded`
 */
export function checkLimit(limits: TarLimits, name: keyof TarLimits, value: number, what: string): void {
  const most = limits[name];
  if (value <= most) return;
  throw new AppError("limit_exceeded", `Cannot read archive: ${what} is ${value}, want at most ${most}`, {
    details: { limit: name, most, value },
  });
}
