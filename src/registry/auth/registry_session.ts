/**
 * The contract of a session: authenticated requests to one repository at one host.
 *
 * @module
 */
import type { SecretSet } from "../../base/secret_set.ts";
import type { RegistryHost } from "../../content/registry_host.ts";
import type { HttpResponse, RequestHints } from "../../http/message/http_message.ts";

/** A request to a registry's API. */
export interface ApiRequest extends RequestHints {
  readonly method: "GET" | "HEAD";
  /** Relative to the host's base URL, with an optional query: `library/nginx/manifests/latest`. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Sends requests to one repository at one host with the credentials that the host requires. It handles challenges,
 * requests and renews tokens, and resends the request; a 401 that it returns is final. It doesn't retry other failures.
 */
export interface RegistrySession {
  readonly host: RegistryHost;
  /**
   * Sends a request. The caller disposes the response.
   *
   * @throws AppError `network`, `unauthorized`, `forbidden` or `rate_limited` (the token server refused a token),
   * `invalid_content` (a token response or a credential file), or the signal's reason
   */
  send(request: ApiRequest, signal: AbortSignal): Promise<HttpResponse>;
  /** The source of the credentials, for messages: a file and key, or "anonymous". Valid after the first `send`. */
  readonly credentialSource: string;
  /** The secrets exchanged with the host; hide them in everything that it sent. */
  readonly secrets: SecretSet;
}
