/**
 * Settings of the registry client.
 *
 * @module
 */
import type { CredentialSource } from "../content/credential.ts";
import type { SystemRootPaths } from "../http/tls/tls.ts";
import type { ProxySettings } from "../http/network/proxies.ts";

/** Settings of a registry client; every field has a default. */
export interface RegistryClientSettings {
  /**
   * Use HTTP for every registry. Otherwise HTTP is used only for loopback registries whose port doesn't use TLS,
   * without TLS settings (`caCerts`, a directory in `certsDirs`). @default {false}
   */
  readonly plainHttp?: boolean;
  /** Where the system's CAs are. @default the system's bundle */
  readonly systemRoots?: SystemRootPaths;
  /** Proxies. */
  readonly proxies?: ProxySettings;
  /** The source of credentials, unless a call has its own. @default {ANONYMOUS} */
  readonly credentials?: CredentialSource;
  /** Attempts per request, including the first. @default {5} */
  readonly attempts?: number;
  /**
   * The longest pause that a host may demand (Retry-After), in milliseconds; a longer one is an error.
   * @default {60_000}
   */
  readonly maxRetryAfter?: number;
  /** Bytes per second below which a transfer counts as stalled. @default {1024} */
  readonly stallMinRate?: number;
  /** How long a transfer may stay below that rate, in milliseconds. @default {30_000} */
  readonly stallWindow?: number;
  /** How long connecting and the head of a response may take, in milliseconds. @default {30_000} */
  readonly headTimeout?: number;
  /** The User-Agent header. @default {"dray"} */
  readonly userAgent?: string;
  /** Called with each URL before a request is sent to it, including redirects and token services. */
  readonly onRequest?: (url: URL) => void;
  /** Called once per text and host for warnings of registries, such as deprecated images or a rate limit. */
  readonly onWarning?: (warning: string, host: string) => void;
}
