/**
 * The contract between the configuration, which lists the hosts of each registry, and the registry client, which sends
 * requests to them.
 *
 * @module
 */

/** A server that may be asked for the content of one registry. */
export interface RegistryHost {
  /** The registry of the references that it serves: `docker.io`. */
  readonly registry: string;
  /** Where its API begins, with a final slash: `https://registry-1.docker.io/v2/`. */
  readonly base: URL;
  /** What it may be asked for. */
  readonly capabilities: ReadonlySet<"pull" | "resolve">;
  /** Whether it is not the registry itself: then it is sent `ns=` and none of the registry's credentials. */
  readonly isMirror: boolean;
  /** Whether its own configuration file names it as plain http: then the registry's credentials may go there. @default {false} */
  readonly isPlainChosen?: boolean;
  /** Headers that its configuration adds to each request. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Lists the hosts of each registry. */
export interface HostSource {
  /**
   * Returns the hosts to request a registry's content from, in order: mirrors first, the registry itself last.
   *
   * @throws AppError `invalid_content`, `unsupported` or `permission_denied` for an unusable file, naming it
   */
  hostsFor(registry: string): Promise<readonly RegistryHost[]>;
}
