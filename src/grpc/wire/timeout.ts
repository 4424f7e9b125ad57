/**
 * The header `grpc-timeout` (gRPC over HTTP/2, "Requests").
 *
 * @module
 */

const TIMEOUT = /^(\d{1,8})([HMSmun])$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** Parses the header's value. Returns milliseconds, or undefined for a malformed value. */
export function parseTimeout(text: string): number | undefined {
  const match = TIMEOUT.exec(text);
  const unit = match?.[2] === undefined ? undefined : UNIT_MS[match[2]];
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}
