import { neverAborted } from "../base/abort.ts";
import type { Credential, CredentialSource } from "../content/credential.ts";
import { assert, assertEquals } from "../../tests/assert.ts";
import type { RegistryHost } from "./http.ts";
import { createHosts } from "./hosts.ts";
import { openSession, type SessionDeps } from "./session.ts";
import { serve, type TestServer, textOf } from "./test_servers.ts";
import { TokenCache } from "./token_cache.ts";
import { createTransport } from "./transport.ts";

const never = neverAborted();

function source(credential: Credential): CredentialSource {
  return { findCredential: () => Promise.resolve({ credential, source: "/home/u/config.json" }) };
}
const NOBODY: CredentialSource = { findCredential: () => Promise.resolve(undefined) };
const BOB = source({ kind: "basic", username: "bob", password: "s3cret" });

async function hostOf(server: TestServer): Promise<RegistryHost> {
  const hosts = await createHosts({}).hostsFor(`127.0.0.1:${server.port}`);
  const [host] = hosts;
  assert(host);
  return host;
}

/** A registry that wants a token for each repository, and its token server in one. */
function tokenRegistry(
  options: { readonly grant?: (request: Request) => Promise<Response> | Response } = {},
) {
  let made = 0;
  const server: TestServer = serve(async (request) => {
    const url = new URL(request.url);
    if (url.pathname === "/token") {
      if (options.grant) return await options.grant(request);
      await request.text();
      return Response.json({ token: `t${++made}` });
    }
    if (request.headers.get("authorization")?.startsWith("Bearer t")) return new Response("content");
    const repository = url.pathname.split("/").slice(2, 4).join("/");
    return new Response('{"errors":[{"code":"UNAUTHORIZED","message":"log in"}]}', {
      status: 401,
      headers: {
        "www-authenticate":
          `Bearer realm="${server.url}token",service="reg",scope="repository:${repository}:pull"`,
      },
    });
  });
  return server;
}

Deno.test("A session without credentials gets an anonymous token, and sends it up front from then on", async () => {
  await using server = tokenRegistry();
  const transport = createTransport();
  const deps: SessionDeps = { transport, tokens: new TokenCache() };
  const session = openSession(await hostOf(server), "a/b", NOBODY, deps);
  assertEquals(
    await textOf(await session.send({ method: "GET", path: "a/b/manifests/x" }, never)),
    "content",
  );
  assertEquals(await textOf(await session.send({ method: "GET", path: "a/b/blobs/y" }, never)), "content");
  assertEquals(server.log, [
    "GET /v2/a/b/manifests/x",
    "GET /token?service=reg&scope=repository%3Aa%2Fb%3Apull",
    "GET /v2/a/b/manifests/x auth=Bearer t1",
    "GET /v2/a/b/blobs/y auth=Bearer t1",
  ]);
  assertEquals(session.credentialSource, "anonymous");
  transport.close();
});

Deno.test("A session sends user and password to the token server by POST", async () => {
  const forms: string[] = [];
  await using server = tokenRegistry({
    grant: async (request) => {
      forms.push(await request.text());
      return Response.json({ access_token: "t1" });
    },
  });
  const transport = createTransport();
  const session = openSession(await hostOf(server), "a/b", BOB, { transport, tokens: new TokenCache() });
  assertEquals(
    await textOf(await session.send({ method: "GET", path: "a/b/manifests/x" }, never)),
    "content",
  );
  assertEquals(forms, [
    "grant_type=password&username=bob&password=s3cret&client_id=dray&service=reg&scope=repository%3Aa%2Fb%3Apull",
  ]);
  assertEquals(session.credentialSource, '/home/u/config.json, user "bob"');
  transport.close();
});
