/**
 * Settings of the host configuration.
 *
 * @module
 */

/** Settings that decide which hosts are used and how each is reached; every field has a default. */
export interface HostSettings {
  /** Use plain HTTP for every registry. Otherwise plain HTTP is used only for loopback registries whose port doesn't use
   * TLS, without certificates in `caCerts` and `certsDirs`. @default {false} */
  readonly plainHttp?: boolean;
  /** PEM certificates of CAs to trust in addition to the system's. */
  readonly caCerts?: readonly string[];
  /** Directories with one subdirectory per registry (`HOST[:PORT]/*.crt, *.cert, *.key, hosts.toml`); the first match
   * wins. */
  readonly certsDirs?: readonly string[];
}
