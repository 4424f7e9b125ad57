/**
 * Credentials: the interface between the modules that store them and those that send them.
 *
 * @module
 */

/** A secret that authenticates a client. Never logged, never part of a message. */
export type Credential =
  /** User and password. */
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  /** A refresh token (identity token), which is exchanged for an access token by POST. */
  | { readonly kind: "refresh"; readonly token: string }
  /** A bearer token that is sent unchanged (registry token). */
  | { readonly kind: "bearer"; readonly token: string };

/** A credential and its source, for messages: `/root/.docker/config.json, key "ghcr.io"`. */
export interface FoundCredential {
  /** The secret. */
  readonly credential: Credential;
  /** File and key, program, or flag. Contains no secret. */
  readonly source: string;
}

/** Looks up credentials. */
export interface CredentialSource {
  /**
   * Whether a lookup returns only what is stored under the name that it is called with. Only such a source is also
   * called with the name of a mirror; any other one might return the registry's credential, which a mirror must not
   * receive. @default {false}
   */
  readonly isByName?: boolean;
  /**
   * The credential for a repository, or undefined for an anonymous request.
   *
   * @param registry the registry of the reference, such as `docker.io` or `localhost:5000`, or the host of a mirror
   * @param repository the path within the registry; the most specific entry wins
   * @throws AppError `invalid_content` for a malformed file, `unauthorized` and `deadline_exceeded` for a
   * helper program that fails, `permission_denied`
   */
  findCredential(
    registry: string,
    repository: string,
    signal: AbortSignal,
  ): Promise<FoundCredential | undefined>;
}

/** A source without credentials. */
export const ANONYMOUS: CredentialSource = { findCredential: () => Promise.resolve(undefined) };
