/**
 * TLS parameters of connections: trusted CAs and client certificates.
 *
 * @module
 */

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

/**
 * Reads the system's CA bundle as one PEM text; undefined if there is none or it isn't readable. The runtime already
 * contains the public CAs, so the bundle matters only for CAs that an administrator added.
 */
export async function readSystemRoots(): Promise<string | undefined> {
  for (const path of SYSTEM_BUNDLES) {
    try {
      return await Deno.readTextFile(path);
    } catch {
      // Missing or not readable: the runtime's CAs are still trusted.
    }
  }
  return undefined;
}
