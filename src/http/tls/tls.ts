/**
 * What a connection to a server is made with: who is trusted, and who we say we are.
 *
 * @module
 */

/** A client certificate and its private key, both PEM. */
export interface ClientPair {
  readonly cert: string;
  readonly key: string;
}

/** Trust and identity for the connections to one server. */
export interface TlsIdentity {
  /** PEM certificates of authorities to trust beside the system's. */
  readonly caCerts: readonly string[];
  /** Who we say we are, if the server asks. */
  readonly client?: ClientPair;
}

/** Finds the identity for a server. */
export interface TlsIdentitySource {
  /** @throws AppError `invalid_content` for a certificate file that can't be used, naming it */
  tlsFor(url: URL): Promise<TlsIdentity>;
}

/** The directory that has nothing for anyone. */
export const NO_TLS: TlsIdentitySource = { tlsFor: () => Promise.resolve({ caCerts: [] }) };

/** Where the systems that we know keep their bundle of authorities, the first that is there wins. */
export const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * The system's own authorities as one PEM text; undefined if there is no bundle or it may not be read. The runtime
 * brings the public ones along, so this is read only when they don't suffice: an authority that the owner of the
 * machine added.
 */
export async function readSystemRoots(): Promise<string | undefined> {
  for (const path of SYSTEM_BUNDLES) {
    try {
      return await Deno.readTextFile(path);
    } catch {
      // Not this system's place, or not ours to read: the runtime's own authorities remain.
    }
  }
  return undefined;
}
