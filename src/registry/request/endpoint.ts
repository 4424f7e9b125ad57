/**
 * Endpoints: registry hosts, and plain URLs that a document names.
 *
 * @module
 */
import type { HttpResponse, RequestHints, Transport } from "../../http/message/http_message.ts";
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
    send: (request, signal) => session.send({ ...request, path }, signal),
  };
}

/** A URL outside the registry's API. Credentials are never sent to it. */
export function urlEndpoint(url: URL, transport: Transport): Endpoint {
  return {
    host: url.host,
    base: url,
    role: "address",
    credentialSource: "anonymous",
    send: (request, signal) => transport.send({ ...request, url }, signal),
  };
}
