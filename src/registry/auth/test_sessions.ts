/**
 * Sessions and loopback registries for the tests of authentication.
 *
 * @module
 */
import { neverAborted } from "../../base/concurrency/abort.ts";
import type { Credential, CredentialSource } from "../../content/credential.ts";
import type { Clock } from "../../http/clock.ts";
import type { HttpResponse } from "../../http/message/http_message.ts";
import type { RegistryHost } from "../../content/registry_host.ts";
import { AddressPolicy } from "./address_policy.ts";
import { openSession, type SessionDeps } from "./session.ts";
import { serve, type TestServer } from "../../http/test_servers.ts";
import { TokenCache } from "./token_cache.ts";
import { createTransport } from "../../http/transport.ts";

/** A signal that never aborts. */
export const never = neverAborted();
/** The requested path, below `/v2/`. */
export const PATH = "a/b/manifests/x";
/** The body of a successful response. */
export const CONTENT = "content";

/** A source that returns `credential` for every repository. */
export function source(credential: Credential): CredentialSource {
  return { findCredential: () => Promise.resolve({ credential, source: "/home/u/config.json" }) };
}
/** A source with a user and password. */
export const BOB = source({ kind: "basic", username: "bob", password: "s3cret" });
/** The Authorization header of `BOB`. */
export const BOB_HEADER = `Basic ${btoa("bob:s3cret")}`;

/** The host entry of a server. */
export function hostOf(server: TestServer, changes: Partial<RegistryHost> = {}): RegistryHost {
  return {
    registry: server.url.host,
    base: new URL("v2/", server.url),
    capabilities: new Set(["pull", "resolve"]),
    isMirror: false,
    headers: {},
    ...changes,
  };
}

/** The dependencies of sessions. Dispose them. */
export function sessionDeps(
  changes: Partial<SessionDeps> & { readonly clock?: Clock } = {},
): SessionDeps & Disposable {
  const transport = createTransport();
  const { clock, ...rest } = changes;
  const deps: SessionDeps = {
    transport,
    tokens: new TokenCache(clock),
    addresses: new AddressPolicy(),
    ...rest,
  };
  return { ...deps, [Symbol.dispose]: () => transport.close() };
}

/** The behaviour of a test registry. */
export interface RegistryRules {
  /** Whether the registry accepts an Authorization header. */
  readonly accepts: (authorization: string, path: string) => boolean;
  /** Responds to `/token`. */
  readonly token?: (request: Request) => Response | Promise<Response>;
  /** The challenge; `{base}` is replaced by the URL of the server. */
  readonly challenge?: (path: string, authorization: string) => string;
  readonly status?: number;
}

/** The challenge of a registry with a token server. */
export const BEARER = 'Bearer realm="{base}token",service="reg",scope="repository:a/b:pull"';

/** Starts a registry. */
export function registry(rules: RegistryRules): TestServer {
  const server: TestServer = serve((request) => {
    const { pathname } = new URL(request.url);
    const authorization = request.headers.get("authorization") ?? "";
    if (pathname === "/token") return rules.token?.(request) ?? new Response(null, { status: 404 });
    if (rules.accepts(authorization, pathname)) return new Response(CONTENT);
    const text = rules.challenge?.(pathname, authorization) ?? BEARER;
    return Response.json({ errors: [{ code: "UNAUTHORIZED", message: "log in" }] }, {
      status: rules.status ?? 401,
      headers: { "www-authenticate": text.replaceAll("{base}", server.url.href) },
    });
  });
  return server;
}

/** Issues the tokens t1, t2, …; `life` is their lifetime in seconds. */
export function countingTokens(life = 300): NonNullable<RegistryRules["token"]> {
  let count = 0;
  return async (request) => {
    await request.text();
    return Response.json({ token: `t${++count}`, expires_in: life });
  };
}

/** Requests `path` in a new session. */
export async function get(
  server: TestServer,
  credentials: CredentialSource,
  deps: SessionDeps,
  path = PATH,
): Promise<HttpResponse> {
  return await openSession(hostOf(server), "a/b", credentials, deps).send({ method: "GET", path }, never);
}
