/**
 * Limits for reading archives.
 *
 * @module
 */
import { MIB } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";

/** The limits of a reader. The details of an error have the name of the exceeded limit. */
export interface TarLimits {
  /** The number of headers of all types. The largest real images have under a million files. */
  readonly entries: number;
  /** Bytes of a name or link target. PATH_MAX on Linux is 4096. */
  readonly pathBytes: number;
  /** Bytes of one PAX header or sparse map, and of all global PAX headers. An xattr has at most 64 KiB. */
  readonly paxBytes: number;
}

/** The limits for untrusted archives. */
export const DEFAULT_TAR_LIMITS: TarLimits = { entries: 4_000_000, pathBytes: 4096, paxBytes: MIB };

/**
 * Checks a count against its limit.
 *
 * @throws AppError `limit_exceeded`
 */
export function checkLimit(limits: TarLimits, name: keyof TarLimits, value: number, quantity: string): void {
  const most = limits[name];
  if (value <= most) return;
  throw new AppError(
    "limit_exceeded",
    `Cannot read archive: ${quantity} is ${value}, but the limit is ${most}`,
    {
      details: { limit: name, most, value },
    },
  );
}
