/**
 * Endpoints: registry hosts, and plain URLs that a document names.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { redactUrl } from "../../base/redact.ts";
import { SecretSet } from "../../base/secret_set.ts";
import type { HttpResponse, RequestHints, Transport } from "../../http/message/http_message.ts";
import type { AddressPolicy } from "../auth/address_policy.ts";
import type { RegistrySession } from "../auth/registry_session.ts";

/** Where one blob, manifest or list can be requested from. */
export interface Endpoint {
  /** Host and port, for messages and for the back-off that all transfers to the host share. */
  readonly host: string;
  /** Base of relative URLs. A response from a different origin was redirected. */
  readonly base: URL;
  /** Its relation to the reference: the reference's registry, a mirror of it, or a URL in a document. */
  readonly role: "registry" | "mirror" | "address";
  /** The source of its credentials, for messages; "anonymous" without credentials. */
  readonly credentialSource: string;
  /** Secrets that its responses may quote: hide them in every text that came from it. */
  readonly secrets: SecretSet;
  /** Sends one request. @throws AppError `network`, `unauthorized`, or the signal's reason */
  send(request: EndpointRequest, signal: AbortSignal): Promise<HttpResponse>;
}

/** A request to an endpoint. */
export interface EndpointRequest extends RequestHints {
  readonly method: "GET" | "HEAD";
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * An endpoint at a registry host.
 *
 * @param path relative to the host's base, including the repository: `library/nginx/manifests/latest`
 */
export function registryEndpoint(session: RegistrySession, path: string): Endpoint {
  const { host } = session;
  return {
    host: host.base.host,
    base: host.base,
    role: host.isMirror ? "mirror" : "registry",
    get credentialSource() {
      return session.credentialSource;
    },
    secrets: session.secrets,
    send: (request, signal) => session.send({ ...request, path }, signal),
  };
}

/**
 * A URL outside the registry's API. Credentials are never sent to it. The URL and its redirects must be at public
 * addresses: an image must not be able to send requests to hosts of a private network, such as a cloud's metadata service.
 */
export function urlEndpoint(url: URL, transport: Transport, addresses: AddressPolicy): Endpoint {
  const checkRedirect = async (target: URL) => {
    if (await addresses.isPublic(target)) return;
    throw new AppError(
      "network",
      `Cannot request "${redactUrl(target)}": its address is not public, and only an image names it`,
      { details: { host: url.host, isRetryable: false } },
    );
  };
  return {
    host: url.host,
    base: url,
    role: "address",
    credentialSource: "anonymous",
    secrets: new SecretSet(),
    async send(request, signal) {
      await checkRedirect(url);
      return await transport.send({ ...request, url, checkRedirect }, signal);
    },
  };
}
