/**
 * The contract between who keeps credentials and who sends them.
 *
 * @module
 */

/** A secret that proves who asks. Never logged, never part of a message. */
export type Credential =
  /** User and password. */
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  /** A refresh token (identity token), to be changed into an access token by POST. */
  | { readonly kind: "refresh"; readonly token: string }
  /** A bearer token to be sent as it is (registry token). */
  | { readonly kind: "bearer"; readonly token: string };

/** A credential and where it came from, for messages: `/root/.docker/config.json, key "ghcr.io"`. */
export interface FoundCredential {
  /** The secret. */
  readonly credential: Credential;
  /** File and key, program, or flag. Holds no secret. */
  readonly source: string;
}

/** Finds credentials. */
export interface CredentialSource {
  /**
   * The credential for a repository, or undefined to ask anonymously.
   *
   * @param registry the registry of the reference, such as `docker.io` or `localhost:5000`
   * @param repository the path within it: the most specific entry wins
   * @throws AppError `invalid_content` for a file that can't be read as what it is, `unauthorized` and
   * `deadline_exceeded` for a helper program that fails, `permission_denied`
   */
  findCredential(
    registry: string,
    repository: string,
    signal: AbortSignal,
  ): Promise<FoundCredential | undefined>;
}

/** The source that has none. */
export const ANONYMOUS: CredentialSource = { findCredential: () => Promise.resolve(undefined) };
