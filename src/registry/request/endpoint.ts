/**
 * Places that may have the bytes of one thing: hosts that speak the registry's API, and plain addresses.
 *
 * @module
 */
import type { HttpResponse, RequestHints, Transport } from "../../http/message/http_message.ts";
import type { RegistrySession } from "../auth/registry_session.ts";

/** One place to ask for one thing. */
export interface Endpoint {
  /** Host and port, for people and for the gate that its transfers share. */
  readonly host: string;
  /** What paths are resolved against. An answer from another origin came over a redirect. */
  readonly base: URL;
  /** What it is to the reference: its own registry, a stand-in, or an address that a document named. */
  readonly role: "registry" | "mirror" | "address";
  /** Where its credentials come from, for people; "anonymous" if it gets none. */
  readonly credentialSource: string;
  /** Asks. @throws AppError `network`, `unauthorized`, or the signal's reason */
  send(request: EndpointRequest, signal: AbortSignal): Promise<HttpResponse>;
}

/** What a endpoint is asked. */
export interface EndpointRequest extends RequestHints {
  readonly method: "GET" | "HEAD";
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A thing at a registry host.
 *
 * @param path below the host's base, with the repository: `library/nginx/manifests/latest`
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

/** An address outside the registry's API: never with credentials. */
export function urlEndpoint(url: URL, transport: Transport): Endpoint {
  return {
    host: url.host,
    base: url,
    role: "address",
    credentialSource: "anonymous",
    send: (request, signal) => transport.send({ ...request, url }, signal),
  };
}
