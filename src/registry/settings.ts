/**
 * How registries are to be reached.
 *
 * @module
 */
import type { CredentialSource } from "../content/credential.ts";

/** Proxies by the scheme of the request's address, as the environment variables name them. */
export interface ProxySettings {
  /** For https addresses: `HTTPS_PROXY`. */
  readonly https?: string;
  /** For http addresses: `HTTP_PROXY`. */
  readonly http?: string;
  /** Hosts, domains, addresses and networks that are asked directly: `NO_PROXY`. */
  readonly no?: string;
}

/** Settings of a registry client; every field has a default. */
export interface RegistrySettings {
  /** Use http for every registry. Without it, http is for loopback registries alone, and only while nothing
   * (`caCerts`, a folder in `certsDirs`) says that they speak TLS. @default {false} */
  readonly plainHttp?: boolean;
  /** PEM certificates of authorities to trust beside the system's. */
  readonly caCerts?: readonly string[];
  /** Directories with one folder a registry (`HOST[:PORT]/*.crt, *.cert, *.key, hosts.toml`), the first match wins. */
  readonly certsDirs?: readonly string[];
  /** Proxies. */
  readonly proxies?: ProxySettings;
  /** Where credentials come from unless a call brings its own. @default {ANONYMOUS} */
  readonly credentials?: CredentialSource;
  /** Attempts for one request before it is given up, the first included. @default {5} */
  readonly attempts?: number;
  /** The longest that a host may ask us to wait (Retry-After), in milliseconds; longer ends the pull at once. @default {60_000} */
  readonly maxRetryAfter?: number;
  /** Bytes per second below which a transfer counts as stalled. @default {1024} */
  readonly stallFloor?: number;
  /** How long a transfer may stay below the floor, in milliseconds. @default {30_000} */
  readonly stallWindow?: number;
  /** How long a connection and the head of a response may take, in milliseconds. @default {30_000} */
  readonly headTimeout?: number;
  /** What to call ourselves. @default {"dray"} */
  readonly userAgent?: string;
  /** Hears of each address right before it is asked, redirects and token services included. */
  readonly onRequest?: (url: URL) => void;
  /** Hears what registries warn of, each text once: that an image is deprecated, that a limit comes near. */
  readonly onWarning?: (warning: string, host: string) => void;
}
