import { AppError, isCode } from "../../base/errors.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../../tests/assert.ts";
import type { CredentialSource } from "../../content/credential.ts";
import type { RegistryHost } from "../../content/registry_host.ts";
import { openSession, type SessionDeps } from "./session.ts";
import { serve, textOf } from "../../http/test_servers.ts";
import {
  BEARER,
  BOB,
  BOB_HEADER,
  CONTENT,
  counting,
  get,
  hostOf,
  never,
  NOBODY,
  PATH,
  registry,
  shared,
} from "./test_sessions.ts";
import { TokenCache } from "./token_cache.ts";
import { createTransport } from "../../http/transport.ts";

Deno.test("A mirror is sent no credentials, but the name of the registry that it stands for", async () => {
  await using server = registry({
    accepts: (header) => header === "Bearer t1",
    challenge: () => `Basic realm="here", ${BEARER}`,
    token: counting(),
  });
  using deps = shared();
  const asked: string[] = [];
  const credentials: CredentialSource = {
    findCredential(registry) {
      asked.push(registry);
      return BOB.findCredential(registry, "", never);
    },
  };
  const host = hostOf(server, { registry: "docker.io", isMirror: true, headers: { "x-own": "1" } });
  const session = openSession(host, "a/b", credentials, deps);
  assertEquals(await textOf(await session.send({ method: "GET", path: PATH }, never)), CONTENT);
  assertEquals(asked, []);
  assertEquals(server.log, [
    `GET /v2/${PATH}?ns=docker.io`,
    "GET /token?service=reg&scope=repository%3Aa%2Fb%3Apull",
    `GET /v2/${PATH}?ns=docker.io auth=Bearer t1`,
  ]);
});

Deno.test("A 401 of the place that a redirect leads to is not answered", async () => {
  await using storage = registry({ accepts: () => false, challenge: () => 'Basic realm="storage"' });
  await using server = serve((request) =>
    request.headers.get("authorization") === BOB_HEADER
      ? new Response(null, { status: 307, headers: { location: `${storage.url}blob?sig=x` } })
      : new Response(null, { status: 401, headers: { "www-authenticate": 'Basic realm="reg"' } })
  );
  using deps = shared();
  const response = await get(server, BOB, deps);
  assertEquals([response.status, response.url.origin], [401, storage.url.origin]);
  await textOf(response);
  assertEquals(storage.log, ["GET /blob?sig=x"]);
});

Deno.test("Credentials go over plain http to this machine alone, or where that was chosen", async () => {
  await using server = registry({
    accepts: (header) => header === BOB_HEADER,
    challenge: () => 'Basic realm="here"',
  });
  const inner = createTransport();
  // Sends what is meant for another machine to the server here.
  const transport: SessionDeps["transport"] = {
    async send(request, signal) {
      const url = new URL(request.url);
      url.host = server.url.host;
      const response = await inner.send({ ...request, url }, signal);
      const { status, headers, body } = response;
      return { status, headers, body, url: request.url, [Symbol.dispose]: () => response[Symbol.dispose]() };
    },
  };
  const host = hostOf(server, { registry: "reg.example", base: new URL("http://reg.example/v2/") });
  const send = (plainHttp: boolean, changes: Partial<RegistryHost> = {}) =>
    openSession({ ...host, ...changes }, "a/b", BOB, { transport, tokens: new TokenCache(), plainHttp })
      .send({ method: "GET", path: PATH }, never);
  const error = await assertRejects(() => send(false));
  assert(error instanceof AppError && isCode(error, "unauthorized"));
  assertStringIncludes(error.message, "plain http");
  assert(!error.message.includes("s3cret"));
  assertEquals(server.log, [`GET /v2/${PATH}`]);
  assertEquals(await textOf(await send(true)), CONTENT);
  assertEquals(await textOf(await send(false, { isPlainChosen: true })), CONTENT);
  inner.close();
});

Deno.test("A realm that the registry must not name is asked nothing", async () => {
  await using server = registry({
    accepts: () => false,
    challenge: () => 'Bearer realm="http://169.254.169.254/latest/"',
  });
  using deps = shared();
  const error = await assertRejects(() => get(server, BOB, deps));
  assert(error instanceof AppError && isCode(error, "unauthorized"));
  assertStringIncludes(error.message, "169.254.169.254");
});

Deno.test("A challenge that can't be read is an error of its own; one that is missing is final", async () => {
  using deps = shared();
  await using odd = registry({ accepts: () => false, challenge: () => 'Bearer realm="open' });
  assert(isCode(await assertRejects(() => get(odd, BOB, deps)), "unauthorized"));
  await using none = serve(() => new Response(null, { status: 401 }));
  const response = await get(none, BOB, deps);
  assertEquals(response.status, 401);
  await textOf(response);
});

Deno.test("Credentials that can't be found end the request, and are looked for again by the next", async () => {
  await using server = registry({ accepts: () => true });
  using deps = shared();
  let isBroken = true;
  const session = openSession(hostOf(server), "a/b", {
    findCredential: () =>
      isBroken ? Promise.reject(new AppError("invalid_content", "Broken file")) : Promise.resolve(undefined),
  }, deps);
  assert(
    isCode(await assertRejects(() => session.send({ method: "GET", path: PATH }, never)), "invalid_content"),
  );
  isBroken = false;
  assertEquals(await textOf(await session.send({ method: "GET", path: PATH }, never)), CONTENT);
});

Deno.test("A caller that gives up gets its own reason, and the others their token", async () => {
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await using server = registry({
    accepts: (header) => header === "Bearer t",
    token: async () => {
      asked.resolve();
      await gate.promise;
      return Response.json({ token: "t" });
    },
  });
  using deps = shared();
  const session = openSession(hostOf(server), "a/b", NOBODY, deps);
  const hasty = new AbortController();
  const first = session.send({ method: "GET", path: PATH }, hasty.signal);
  const second = session.send({ method: "GET", path: PATH }, never);
  await asked.promise;
  const reason = new Error("enough");
  hasty.abort(reason);
  assertEquals(await assertRejects(() => first), reason);
  gate.resolve();
  assertEquals(await textOf(await second), CONTENT);
});

Deno.test("A path that leads to another host is not asked for", async () => {
  await using server = registry({ accepts: () => true });
  using deps = shared();
  for (const path of ["//other.example/x", "https://other.example/x", "\\\\other.example/x"]) {
    assert(isCode(await assertRejects(() => get(server, BOB, deps, path)), "internal"), path);
  }
  assertEquals(server.log, []);
});
