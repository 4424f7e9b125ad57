/**
 * A certificate authority for tests. Each test creates its own, so that no key is secret and no certificate
 * expires.
 *
 * @module
 */
import { bitString, element, integer, objectId, pem, sequence, time, utf8 } from "./der.ts";

/** A certificate and its key, in PEM. */
export interface KeyedCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Options of a certificate. */
export interface IssueOptions {
  /** The side that may present it. @default {"both"} */
  readonly usage?: "server" | "client" | "both";
  /** When it is valid: since yesterday for a month, only last month, or only next month. @default {"now"} */
  readonly valid?: keyof typeof VALID_DAYS;
}

/** An authority that issues certificates. */
export interface CertificateAuthority extends KeyedCertificate {
  /** The authority's own public key, for tokens that it signs. */
  readonly keys: CryptoKeyPair;
  /** Issues a certificate for host names and IPv4 or IPv6 loopback addresses. */
  issue(names: readonly string[], options?: IssueOptions): Promise<KeyedCertificate>;
}

const EC_P256 = { name: "ECDSA", namedCurve: "P-256" } as const;
const ECDSA_WITH_SHA256 = sequence(objectId("1.2.840.10045.4.3.2"));
const TRUE = Uint8Array.of(0x01, 0x01, 0xff);
const DAY_MS = 86_400_000;
/** First and last day, relative to today. */
const VALID_DAYS = { now: [-1, 30], past: [-60, -30], future: [30, 60] } as const;
/** Extended key usages (RFC 5280, 4.2.1.12). */
const SERVER_USE = objectId("1.3.6.1.5.5.7.3.1");
const CLIENT_USE = objectId("1.3.6.1.5.5.7.3.2");
const USES = { server: [SERVER_USE], client: [CLIENT_USE], both: [SERVER_USE, CLIENT_USE] } as const;

/** Creates an authority with a new key. */
export async function createAuthority(name = "test authority"): Promise<CertificateAuthority> {
  const keys = await newKeys();
  const cert = await certificate(name, name, keys, keys, "now", [
    // Basic constraints: a CA. Key usage: certificate signing.
    extension("2.5.29.19", sequence(TRUE), "critical"),
    extension("2.5.29.15", Uint8Array.of(0x03, 0x02, 0x01, 0x86), "critical"),
  ]);
  return {
    cert,
    key: await keyPem(keys),
    keys,
    issue: async (names, { usage = "both", valid = "now" } = {}) => {
      const own = await newKeys();
      const [subject = "test"] = names;
      const issued = await certificate(subject, name, own, keys, valid, [
        extension("2.5.29.17", sequence(...names.map(subjectName))),
        extension("2.5.29.37", sequence(...USES[usage])),
      ]);
      return { cert: issued, key: await keyPem(own) };
    },
  };
}

async function newKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(EC_P256, true, ["sign", "verify"]);
}

async function keyPem(keys: CryptoKeyPair): Promise<string> {
  return pem("PRIVATE KEY", new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey)));
}

let certificates = 0;

/** Makes a certificate of version 3 (RFC 5280, 4.1). */
async function certificate(
  subject: string,
  issuer: string,
  keys: CryptoKeyPair,
  signer: CryptoKeyPair,
  valid: keyof typeof VALID_DAYS,
  extensions: readonly Uint8Array[],
): Promise<string> {
  const validity = VALID_DAYS[valid].map((days) => time(new Date(Date.now() + days * DAY_MS)));
  const serial = Uint8Array.of(1, certificates >> 8, certificates++ & 0xff);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("spki", keys.publicKey));
  const body = sequence(
    element(0xa0, integer(Uint8Array.of(2))),
    integer(serial),
    ECDSA_WITH_SHA256,
    commonName(issuer),
    sequence(...validity),
    commonName(subject),
    publicKey,
    element(0xa3, sequence(...extensions)),
  );
  const signed = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, signer.privateKey, body);
  const signature = new Uint8Array(signed);
  // WebCrypto concatenates r and s; certificates encode them as two integers.
  const numbers = sequence(integer(signature.subarray(0, 32)), integer(signature.subarray(32)));
  return pem("CERTIFICATE", sequence(body, ECDSA_WITH_SHA256, bitString(numbers)));
}

function commonName(name: string): Uint8Array {
  return sequence(element(0x31, sequence(objectId("2.5.4.3"), utf8(name))));
}

function extension(id: string, value: Uint8Array, critical?: "critical"): Uint8Array {
  return sequence(objectId(id), ...(critical ? [TRUE] : []), element(0x04, value));
}

/** Encodes a GeneralName: an IP address or a DNS name. */
function subjectName(name: string): Uint8Array {
  if (name === "::1") return element(0x87, new Uint8Array(16).fill(1, 15));
  if (/^[0-9.]+$/.test(name)) return element(0x87, Uint8Array.from(name.split("."), Number));
  return element(0x82, new TextEncoder().encode(name));
}
