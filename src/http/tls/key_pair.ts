/**
 * Checks whether a private key belongs to a certificate. Older supported Deno versions crash on a mismatched pair.
 *
 * @module
 */
import { parsePem } from "./pem.ts";

/** Result of checking a certificate and its private key. */
export type KeyPairResult =
  | "matches"
  | "mismatch"
  | "no certificate"
  | "no key"
  | "encrypted key"
  | "unknown";

/**
 * Searches for the public key of a private key in the first certificate of a PEM text.
 *
 * @returns `unknown` for a private key without its public key, such as Ed25519
 */
export function checkPair(certPem: string, keyPem: string): KeyPairResult {
  const cert = parsePem(certPem).find(({ label }) => label === "CERTIFICATE");
  if (cert === undefined) return "no certificate";
  if (/ENCRYPTED/.test(keyPem)) return "encrypted key";
  const key = parsePem(keyPem).find(({ label }) => label.endsWith("PRIVATE KEY"));
  if (key === undefined) return "no key";
  const publicKey = key.label === "PRIVATE KEY" ? publicKeyOfPkcs8(key.der) : publicKeyOfInner(key.der);
  if (publicKey === undefined || publicKey.length < 32) return "unknown";
  return includes(cert.der, publicKey) ? "matches" : "mismatch";
}

const TAG = { integer: 0x02, bits: 0x03, octets: 0x04, sequence: 0x30, publicKey: 0xa1 } as const;

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** Splits DER into its elements, without a truncated last one. */
function elementsOf(der: Uint8Array): readonly Element[] {
  const elements: Element[] = [];
  for (let at = 0; at + 2 <= der.length;) {
    const tag = der[at] ?? 0;
    const short = der[at + 1] ?? 0;
    const digits = short < 0x80 ? 0 : short - 0x80;
    let length = digits === 0 ? short : 0;
    for (let i = 0; i < digits && i < 4; i++) length = length * 256 + (der[at + 2 + i] ?? 0);
    const start = at + 2 + digits;
    if (digits > 4 || start + length > der.length) break;
    elements.push({ tag, content: der.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}

/** RFC 5208: version, algorithm, and the key in the format of its algorithm. */
function publicKeyOfPkcs8(der: Uint8Array): Uint8Array | undefined {
  const [outer] = elementsOf(der);
  if (outer?.tag !== TAG.sequence) return undefined;
  const [, , inner] = elementsOf(outer.content);
  return inner?.tag === TAG.octets ? publicKeyOfInner(inner.content) : undefined;
}

/** RFC 8017, A.1.2: version, modulus, …; RFC 5915: version, private key, parameters, public key. */
function publicKeyOfInner(der: Uint8Array): Uint8Array | undefined {
  const [outer] = elementsOf(der);
  if (outer?.tag !== TAG.sequence) return undefined;
  const parts = elementsOf(outer.content);
  const second = parts[1];
  if (second?.tag === TAG.integer) {
    return second.content[0] === 0 ? second.content.subarray(1) : second.content;
  }
  const point = parts.find(({ tag }) => tag === TAG.publicKey);
  const [bits] = elementsOf(point?.content ?? new Uint8Array(0));
  // The first byte of a bit string is the number of unused bits.
  return bits?.tag === TAG.bits ? bits.content.subarray(1) : undefined;
}

function includes(whole: Uint8Array, part: Uint8Array): boolean {
  for (let at = 0; at + part.length <= whole.length; at++) {
    let i = 0;
    while (i < part.length && whole[at + i] === part[i]) i++;
    if (i === part.length) return true;
  }
  return false;
}
