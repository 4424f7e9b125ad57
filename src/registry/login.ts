/**
 * Checking credentials before they are stored.
 *
 * @module
 */
import type { CredentialSource } from "../content/credential.ts";
import { performRequest, type RequestContext } from "./request/perform_request.ts";
import type { HostSource } from "../content/registry_host.ts";
import { openSession, type SessionDeps } from "./auth/session.ts";
import { registryEndpoint } from "./request/endpoint.ts";

/** What {@linkcode checkCredentials} works with. */
export interface LoginDeps {
  readonly hosts: HostSource;
  readonly sessions: SessionDeps;
  readonly context: RequestContext;
}

/**
 * Sends credentials to the base of the registry's API (distribution spec 1.1, "Determining Support"). A
 * registry that also accepts anonymous requests accepts wrong credentials too.
 *
 * @throws AppError `unauthorized`, `forbidden`, `network` and the other codes of a request
 */
export async function checkCredentials(
  registry: string,
  credentials: CredentialSource,
  { hosts, sessions, context }: LoginDeps,
  signal: AbortSignal,
): Promise<void> {
  for (const host of await hosts.hostsFor(registry)) {
    // The registry's credentials are never sent to a mirror.
    if (host.isMirror) continue;
    const endpoint = registryEndpoint(openSession(host, "", credentials, sessions), "");
    const operation = `Cannot log in to "${registry}"`;
    const request = { operation, method: "GET", headers: {}, accepted: [200], purpose: "login" } as const;
    using _response = await performRequest(endpoint, request, context, signal);
    return;
  }
}
