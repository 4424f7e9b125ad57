/**
 * The contract of one repository at one host.
 *
 * @module
 */
import type { RegistryHost } from "../../content/registry_host.ts";
import type { HttpResponse, RequestHints } from "../../http/message/http_message.ts";

/** A request to a registry's API. */
export interface ApiRequest extends RequestHints {
  readonly method: "GET" | "HEAD";
  /** Below the host's base: `library/nginx/manifests/latest`, with a query if one is needed. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * One repository at one host: sends API requests with the right credentials. It answers challenges, gets and renews
 * tokens, and asks once more; a 401 that comes back from it is final. It neither retries failures nor reads bodies.
 */
export interface RegistrySession {
  readonly host: RegistryHost;
  /**
   * @throws AppError `network`, `unauthorized`, `forbidden` or `rate_limited` (no token to be had), `invalid_content`
   * (a token response, a file of credentials), or the signal's reason
   */
  send(request: ApiRequest, signal: AbortSignal): Promise<HttpResponse>;
  /** Where the credentials came from, for messages: a file and key, or "anonymous". Known after the first `send`. */
  readonly credentialSource: string;
}
