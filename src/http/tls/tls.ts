/**
 * TLS parameters of connections: trusted CAs and client certificates.
 *
 * @module
 */
import { checkLength, MIB } from "../../base/bytes.ts";
import { AppError, messageOf } from "../../base/errors.ts";

/** A client certificate and its private key, both PEM. */
export interface ClientPair {
  readonly cert: string;
  readonly key: string;
}

/** TLS parameters of the connections to one server. */
export interface TlsIdentity {
  /** PEM certificates of CAs to trust in addition to the system's. */
  readonly caCerts: readonly string[];
  /** Sent if the server requests a client certificate. */
  readonly client?: ClientPair;
}

/** Finds the TLS parameters for a server. */
export interface TlsIdentitySource {
  /** @throws AppError `invalid_content` for an unusable certificate file, naming it */
  tlsFor(url: URL): Promise<TlsIdentity>;
}

/** The source without additional CAs and client certificates. */
export const NO_TLS: TlsIdentitySource = { tlsFor: () => Promise.resolve({ caCerts: [] }) };

/** Paths of the CA bundle on the supported systems; the first existing one is used. */
export const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** Where the system's CAs are, in place of the usual files. */
export interface SystemRootPaths {
  /** A PEM file with CAs, read instead of the system's bundle: `SSL_CERT_FILE`. */
  readonly file?: string;
  /** Directories with PEM files of CAs, read in addition: `SSL_CERT_DIR`. */
  readonly directories?: readonly string[];
}

/** Files of a directory to read; a system has about 300. Stops: reading a directory that isn't one of CAs. */
const DIRECTORY_FILES_MAX = 2_000;
/** The largest file to read: a bundle of all public CAs has 250 KiB. */
const FILE_MAX_BYTES = 4 * MIB;

/**
 * Reads the system's CAs as one PEM text; undefined if there are none or they aren't readable. The runtime already
 * contains the public CAs, so the bundle matters only for CAs that an administrator added.
 *
 * @throws AppError `invalid_argument` if `paths` has a file that can't be read, and there are no other CAs
 */
export async function readSystemRoots(paths: SystemRootPaths = {}): Promise<string | undefined> {
  const blocks = new Set<string>();
  let failure: unknown;
  for (const path of paths.file === undefined ? SYSTEM_BUNDLES : [paths.file]) {
    try {
      for (const block of await readCertificates(path)) blocks.add(block);
      break;
    } catch (error) {
      // Missing or not readable: the runtime's CAs are still trusted.
      failure = error;
    }
  }
  for (const directory of paths.directories ?? []) {
    for (const block of await readDirectory(directory)) blocks.add(block);
  }
  if (blocks.size > 0) return [...blocks].join("\n");
  if (paths.file === undefined || failure === undefined) return undefined;
  throw new AppError(
    "invalid_argument",
    `Cannot read CA file "${paths.file}": ${messageOf(failure)}; correct or unset SSL_CERT_FILE`,
    { cause: failure },
  );
}

/** Reads the certificates of each file. A file that can't be read is skipped, as OpenSSL does. */
async function readDirectory(directory: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(directory)) {
      if (!entry.isDirectory && names.push(entry.name) === DIRECTORY_FILES_MAX) break;
    }
  } catch {
    return [];
  }
  const files = await Promise.all(
    names.sort().map((name) => readCertificates(`${directory}/${name}`).catch(() => [])),
  );
  return files.flat();
}

/** The certificates of a PEM file; other blocks, such as keys, are left out. */
async function readCertificates(path: string): Promise<readonly string[]> {
  const info = await Deno.stat(path);
  // Reading a pipe or device might never end.
  if (!info.isFile) throw new Error("it is not a file");
  checkLength(info.size, FILE_MAX_BYTES, `"${path}"`);
  return (await Deno.readTextFile(path)).match(CERTIFICATE) ?? [];
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
