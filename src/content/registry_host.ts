/**
 * The contract between the configuration, which lists the hosts of each registry, and the registry client, which sends
 * requests to them.
 *
 * @module
 */

/** A server that serves the content of one registry. */
export interface RegistryHost {
  /** The registry in references, such as `docker.io`. */
  readonly registry: string;
  /** The base URL of its API, with a final slash: `https://registry-1.docker.io/v2/`. */
  readonly base: URL;
  /** `pull`: may serve content by digest; `resolve`: may resolve tags. */
  readonly capabilities: ReadonlySet<"pull" | "resolve">;
  /** Whether it isn't the registry itself. A mirror is sent `ns=`, and never the registry's credentials. */
  readonly isMirror: boolean;
  /**
   * Whether it has another name than the registry although it isn't a mirror, such as a caching proxy that hosts.toml
   * names as `server`: it is sent `ns=` too. @default {false}
   */
  readonly isRenamed?: boolean;
  /** Whether the registry's own hosts.toml names it with plain HTTP: credentials may then be sent. @default {false} */
  readonly isPlainChosen?: boolean;
  /** Additional headers of each request, from the configuration. */
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
