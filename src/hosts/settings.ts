/**
 * Where the configuration of registries' hosts is read from.
 *
 * @module
 */

/** Settings that decide which hosts are used and how each is reached; every field has a default. */
export interface HostSettings {
  /** Use plain HTTP for every registry. Otherwise plain HTTP is used only for loopback registries, and only while
   * nothing (`caCerts`, a directory in `certsDirs`) says that they speak TLS. @default {false} */
  readonly plainHttp?: boolean;
  /** PEM certificates of CAs to trust beside the system's. */
  readonly caCerts?: readonly string[];
  /** Directories with one subdirectory per registry (`HOST[:PORT]/*.crt, *.cert, *.key, hosts.toml`); the first match
   * wins. */
  readonly certsDirs?: readonly string[];
}
