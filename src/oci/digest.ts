/**
 * Digests: `algorithm:hex` (OCI image spec 1.1, descriptor.md, "Digests").
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { type HashAlgorithm, hashHex } from "../base/hash.ts";

/** A validated digest: a supported algorithm, and the right number of lower-case hexadecimal digits. */
export type Digest = string & {
  /** Exists only in the type, so that a string must be parsed to become a digest. */
  readonly __brand: "Digest";
};

const HEX_LENGTHS: Readonly<Record<HashAlgorithm, number>> = { sha256: 64, sha384: 96, sha512: 128 };
const LOWER_HEX = /^[0-9a-f]+$/;

function isAlgorithm(name: string): name is HashAlgorithm {
  return Object.hasOwn(HEX_LENGTHS, name);
}

/** Parses a digest. Returns undefined if the text is not a valid digest. */
export function findDigest(text: string): Digest | undefined {
  const colon = text.indexOf(":");
  const algorithm = text.slice(0, colon);
  const hex = text.slice(colon + 1);
  if (colon < 0 || !isAlgorithm(algorithm)) return undefined;
  return hex.length === HEX_LENGTHS[algorithm] && LOWER_HEX.test(hex) ? text as Digest : undefined;
}

/**
 * Parses a digest.
 *
 * @throws AppError `unsupported` for an unknown algorithm, `invalid_argument` for other text
 *
 * @example
 * ```ts
 * import { parseDigest } from "./digest.ts";
 *
 * parseDigest(`sha256:${"0".repeat(64)}`);
 * ```
 */
export function parseDigest(text: string): Digest {
  const digest = findDigest(text);
  if (digest !== undefined) return digest;
  const [algorithm = "", hex] = text.split(":", 2);
  if (hex !== undefined && /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*$/.test(algorithm) && !isAlgorithm(algorithm)) {
    throw new AppError(
      "unsupported",
      `Cannot use digest "${text}": unknown algorithm "${algorithm}"; supported are sha256, sha384 and sha512`,
    );
  }
  throw new AppError(
    "invalid_argument",
    `Cannot parse digest "${text}": expected ALGORITHM:HEX with 64, 96 or 128 lower-case digits`,
  );
}

/**
 * Combines an algorithm and the hexadecimal hash to a digest.
 *
 * @throws AppError `invalid_argument` for a hash with another length or form
 */
export function makeDigest(algorithm: HashAlgorithm, hex: string): Digest {
  return parseDigest(`${algorithm}:${hex}`);
}

/**
 * Returns the digest of bytes.
 *
 * @example
 * ```ts
 * import { digestOf } from "./digest.ts";
 *
 * const digest = await digestOf(new TextEncoder().encode("{}"));
 * console.assert(digest === "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
 * ```
 */
export async function digestOf(
  bytes: Uint8Array<ArrayBuffer>,
  algorithm: HashAlgorithm = "sha256",
): Promise<Digest> {
  return makeDigest(algorithm, await hashHex(algorithm, bytes));
}

/** The algorithm of a digest. */
export function algorithmOf(digest: Digest): HashAlgorithm {
  return digest.slice(0, digest.indexOf(":")) as HashAlgorithm;
}

/** The hexadecimal digits of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}

/** The first 12 hexadecimal digits: the short form for people. */
export function shortIdOf(digest: Digest): string {
  return hexOf(digest).slice(0, 12);
}
