/**
 * Settings of the registry client.
 *
 * @module
 */
import type { CredentialSource } from "../content/credential.ts";
import type { ProxySettings } from "../http/network/proxies.ts";

/** Settings of a registry client; every field has a default. */
export interface RegistryClientSettings {
  /** Use http for every registry. Without it, http is for loopback registries alone, and only while nothing
   * (`caCerts`, a folder in `certsDirs`) says that they speak TLS. @default {false} */
  readonly plainHttp?: boolean;
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
