/**
 * Sessions with registries on loopback, for the tests of this room.
 *
 * @module
 */
import { neverAborted } from "../../base/abort.ts";
import type { Credential, CredentialSource } from "../../content/credential.ts";
import type { Clock } from "../../http/clock.ts";
import type { HttpResponse } from "../../http/message/http_message.ts";
import type { RegistryHost } from "../../content/registry_host.ts";
import { openSession, type SessionDeps } from "./session.ts";
import { serve, type TestServer } from "../../http/test_servers.ts";
import { TokenCache } from "./token_cache.ts";
import { createTransport } from "../../http/transport.ts";

/** Never aborts. */
export const never = neverAborted();
/** What is asked for, below `/v2/`. */
export const PATH = "a/b/manifests/x";
/** What a good answer holds. */
export const CONTENT = "content";

/** A source that has one credential for all. */
export function source(credential: Credential): CredentialSource {
  return { findCredential: () => Promise.resolve({ credential, source: "/home/u/config.json" }) };
}
/** A source that has none. */
export const NOBODY: CredentialSource = { findCredential: () => Promise.resolve(undefined) };
/** A user and password. */
export const BOB = source({ kind: "basic", username: "bob", password: "s3cret" });
/** Bob in a header. */
export const BOB_HEADER = `Basic ${btoa("bob:s3cret")}`;

/** The host of a server. */
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

/** What sessions share, closed at the end. */
export function shared(
  changes: Partial<SessionDeps> & { readonly clock?: Clock } = {},
): SessionDeps & Disposable {
  const transport = createTransport();
  const { clock, ...rest } = changes;
  const deps: SessionDeps = { transport, tokens: new TokenCache(clock), ...rest };
  return { ...deps, [Symbol.dispose]: () => transport.close() };
}

/** How a test registry answers. */
export interface Rules {
  /** Whether the registry takes an Authorization header. */
  readonly accepts: (authorization: string, path: string) => boolean;
  /** Answers `/token`. */
  readonly token?: (request: Request) => Response | Promise<Response>;
  /** What the challenge says; `{base}` stands for the server. */
  readonly challenge?: (path: string, authorization: string) => string;
  readonly status?: number;
}

/** The challenge of a registry with a token server. */
export const BEARER = 'Bearer realm="{base}token",service="reg",scope="repository:a/b:pull"';

/** Starts a registry. */
export function registry(rules: Rules): TestServer {
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

/** Gives tokens t1, t2, …; `life` in seconds. */
export function counting(life = 300): NonNullable<Rules["token"]> {
  let made = 0;
  return async (request) => {
    await request.text();
    return Response.json({ token: `t${++made}`, expires_in: life });
  };
}

/** Asks for {@linkcode PATH} in a session of its own. */
export async function get(
  server: TestServer,
  credentials: CredentialSource,
  deps: SessionDeps,
  path = PATH,
): Promise<HttpResponse> {
  return await openSession(hostOf(server), "a/b", credentials, deps).send({ method: "GET", path }, never);
}
