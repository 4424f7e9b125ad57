import { AddressPolicy } from "./address_policy.ts";
import { AppError, isCode } from "../../base/errors.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../../tests/assert.ts";
import { ANONYMOUS, type CredentialSource } from "../../content/credential.ts";
import type { RegistryHost } from "../../content/registry_host.ts";
import type { HttpRequest, HttpResponse } from "../../http/message/http_message.ts";
import { discardResponse } from "../../http/message/discard.ts";
import { sendFollowingRedirects } from "../../http/redirects.ts";
import { openSession } from "./session.ts";
import { serve, type TestServer, textOf } from "../../http/test_servers.ts";
import {
  BEARER,
  BOB,
  BOB_HEADER,
  CONTENT,
  countingTokens,
  get,
  hostOf,
  never,
  PATH,
  registry,
  sessionDeps,
  source,
} from "./test_sessions.ts";
import { TokenCache } from "./token_cache.ts";
import { createTransport } from "../../http/transport.ts";

Deno.test("A renamed server receives the name of its registry, and the credentials", async () => {
  await using server = registry({ accepts: (header) => header === BOB_HEADER, challenge: () => "Basic" });
  using deps = sessionDeps();
  const session = openSession(hostOf(server, { registry: "reg.example", isRenamed: true }), "a/b", BOB, deps);
  assertEquals(await textOf(await session.send({ method: "GET", path: PATH }, never)), CONTENT);
  assertEquals(server.log, [
    `GET /v2/${PATH}?ns=reg.example`,
    `GET /v2/${PATH}?ns=reg.example auth=${BOB_HEADER}`,
  ]);
});

Deno.test("A mirror receives the name of its registry, but no credentials of unnamed sources", async () => {
  await using server = registry({
    accepts: (header) => header === "Bearer t1",
    challenge: () => `Basic realm="here", ${BEARER}`,
    token: countingTokens(),
  });
  using deps = sessionDeps();
  const lookups: string[] = [];
  const credentials: CredentialSource = {
    findCredential(registry) {
      lookups.push(registry);
      return BOB.findCredential(registry, "", never);
    },
  };
  const host = hostOf(server, { registry: "docker.io", isMirror: true, headers: { "x-own": "1" } });
  const session = openSession(host, "a/b", credentials, deps);
  assertEquals(await textOf(await session.send({ method: "GET", path: PATH }, never)), CONTENT);
  assertEquals(lookups, []);
  assertEquals(server.log, [
    `GET /v2/${PATH}?ns=docker.io`,
    "GET /token?service=reg&scope=repository%3Aa%2Fb%3Apull",
    `GET /v2/${PATH}?ns=docker.io auth=Bearer t1`,
  ]);
});

Deno.test("The Basic challenge of a redirect target is ignored", async () => {
  await using storage = registry({ accepts: () => false, challenge: () => 'Basic realm="storage"' });
  await using server = serve((request) =>
    request.headers.get("authorization") === BOB_HEADER
      ? new Response(null, { status: 307, headers: { location: `${storage.url}blob?sig=x` } })
      : new Response(null, { status: 401, headers: { "www-authenticate": 'Basic realm="reg"' } })
  );
  using deps = sessionDeps();
  const response = await get(server, BOB, deps);
  assertEquals([response.status, response.url.origin], [401, storage.url.origin]);
  await textOf(response);
  assertEquals(storage.log, ["GET /blob?sig=x"]);
});

Deno.test("The Bearer challenge of a redirect target is ignored: its realm receives nothing", async (t) => {
  const credentials = {
    "a password": BOB,
    "a refresh token": source({ kind: "refresh", token: "s3cret" }),
    "a registry token": source({ kind: "bearer", token: "s3cret" }),
    "no credentials": ANONYMOUS,
  };
  for (const [name, credential] of Object.entries(credentials)) {
    await t.step(name, async () => {
      await using storage = registry({ accepts: () => false, token: countingTokens() });
      await using server = serve((request) =>
        new URL(request.url).pathname === "/token"
          ? Response.json({ token: "t1" })
          : new Response(null, { status: 307, headers: { location: `${storage.url}v2/blob` } })
      );
      using deps = sessionDeps();
      const response = await get(server, credential, deps);
      assertEquals([response.status, response.url.origin], [401, storage.url.origin]);
      await textOf(response);
      // The log contains every request to the realm, whether GET or POST, and every Authorization header.
      assertEquals(storage.log, ["GET /v2/blob"]);
      assertEquals(server.log, [`GET /v2/${PATH}`]);
    });
  }
});

/** A transport that sends the requests to every host to one loopback server, and logs their hosts and secrets. */
function relayTo(server: TestServer) {
  const transport = createTransport();
  const log: string[] = [];
  return {
    log,
    async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
      const hasSecret = request.headers.authorization !== undefined || request.body !== undefined;
      log.push(`${request.url.origin}${hasSecret ? " with a secret" : ""}`);
      const url = new URL(request.url);
      url.protocol = "http:";
      url.host = server.url.host;
      const response = await transport.send({ ...request, url }, signal);
      const { status, headers, body } = response;
      return { status, headers, body, url: request.url, [Symbol.dispose]: () => response[Symbol.dispose]() };
    },
    [Symbol.dispose]: () => transport.close(),
  };
}

const REFRESH = source({ kind: "refresh", token: "s3cret" });
const GIVEN = source({ kind: "bearer", token: "s3cret" });
const BASIC = 'Basic realm="reg"';
const HTTP_REALM = 'Bearer realm="http://auth.example/token"';
const HTTPS_REALM = 'Bearer realm="https://auth.example/token"';

/** Whether a credential may be sent to a host with such a challenge. */
const PRIVACY: readonly (readonly [
  name: string,
  credentials: CredentialSource,
  base: string,
  challenge: string,
  isAllowed: boolean,
])[] = [
  ["a password to a registry", BOB, "http://reg.example/v2/", BASIC, false],
  ["a password to a registry", BOB, "https://reg.example/v2/", BASIC, true],
  ["a password to a registry", BOB, "http://127.0.0.1/v2/", BASIC, true],
  ["a password to a realm", BOB, "http://127.0.0.1/v2/", HTTP_REALM, false],
  ["a password to a realm", BOB, "http://127.0.0.1/v2/", HTTPS_REALM, true],
  ["a refresh token to a realm", REFRESH, "http://127.0.0.1/v2/", HTTP_REALM, false],
  ["a refresh token to a realm", REFRESH, "https://reg.example/v2/", HTTPS_REALM, true],
  ["the user's token to a registry", BOB, "http://reg.example/v2/", HTTPS_REALM, false],
  ["a registry token to a registry", GIVEN, "http://reg.example/v2/", BASIC, false],
  ["a registry token to a registry", GIVEN, "https://reg.example/v2/", BASIC, true],
  ["an anonymous token to a registry", ANONYMOUS, "http://reg.example/v2/", HTTP_REALM, true],
];

Deno.test("Credentials are sent over plain HTTP only to loopback, or where the user allowed it", async (t) => {
  for (const [name, credentials, base, challenge, isAllowed] of PRIVACY) {
    await t.step(`${name}: ${base}, ${challenge}`, async () => {
      await using server = registry({
        accepts: (header) => header !== "",
        challenge: () => challenge,
        token: countingTokens(),
      });
      using transport = relayTo(server);
      const host = hostOf(server, { registry: "reg.example", base: new URL(base) });
      const send = async (changes: Partial<RegistryHost>, plainHttp: boolean) => {
        const addresses = new AddressPolicy(() => false, () => Promise.resolve(["203.0.113.8"]));
        const deps = { transport, tokens: new TokenCache(), addresses, plainHttp };
        const session = openSession({ ...host, ...changes }, "a/b", credentials, deps);
        return await textOf(await session.send({ method: "GET", path: PATH }, never));
      };
      if (!isAllowed) {
        const error = await assertRejects(() => send({}, false));
        assert(error instanceof AppError && isCode(error, "unauthorized"));
        assertStringIncludes(error.message, "plain HTTP");
        assert(!error.message.includes("s3cret"));
        assertEquals(transport.log, [host.base.origin]);
      } else assertEquals(await send({}, false), CONTENT);
      assertEquals(await send({}, true), CONTENT);
      assertEquals(await send({ isPlainChosen: true }, false), CONTENT);
    });
  }
});

Deno.test("A realm that the registry must not name is an error", async () => {
  await using server = registry({
    accepts: () => false,
    challenge: () => 'Bearer realm="http://169.254.169.254/latest/"',
  });
  using deps = sessionDeps();
  const error = await assertRejects(() => get(server, BOB, deps));
  assert(error instanceof AppError && isCode(error, "unauthorized"));
  assertStringIncludes(error.message, "169.254.169.254");
});

Deno.test("A 401 without a usable challenge is an error that says that no credentials were sent", async (t) => {
  const cases: readonly (readonly [name: string, header: string, message: string])[] = [
    ["no challenge", "", "without a challenge"],
    ["Digest", 'Digest realm="r", nonce="6f2a", qop="auth"', '"digest"'],
    ["Negotiate and NTLM", "Negotiate, NTLM", '"negotiate", "ntlm"'],
    ["Bearer without a realm", 'Bearer service="reg"', "without a realm"],
    ["Bearer with an unterminated realm", 'Bearer realm="open', "without a realm"],
    ["a header without an end", `Bearer realm="${"x".repeat(9000)}"`, "invalid WWW-Authenticate header"],
  ];
  for (const [name, header, message] of cases) {
    await t.step(name, async () => {
      const sent: (string | null)[] = [];
      await using server = serve((request) => {
        sent.push(request.headers.get("authorization"));
        const headers: HeadersInit = header === "" ? {} : { "www-authenticate": header };
        return new Response(null, { status: 401, headers });
      });
      using deps = sessionDeps();
      const error = await assertRejects(() => get(server, BOB, deps), AppError, message);
      assert(isCode(error, "unauthorized"));
      assert(message.startsWith("invalid") || error.message.includes("no credentials were sent"));
      assertEquals(sent, [null]);
    });
  }
});

Deno.test("An identity token isn't sent to a registry that accepts only passwords, and the error says so", async () => {
  await using server = registry({ accepts: () => false, challenge: () => 'Basic realm="r"' });
  using deps = sessionDeps();
  const error = await assertRejects(() => get(server, REFRESH, deps), AppError, "an identity token instead");
  assert(isCode(error, "unauthorized") && !error.message.includes("s3cret"));
  assertEquals(server.log, [`GET /v2/${PATH}`]);
});

Deno.test("A 401 without a challenge is final if there is no credential", async () => {
  using deps = sessionDeps();
  await using none = serve(() => new Response(null, { status: 401 }));
  const response = await get(none, ANONYMOUS, deps);
  assertEquals(response.status, 401);
  await textOf(response);
});

Deno.test("Schemes that aren't supported don't hide the one that is", async (t) => {
  for (
    const others of [
      "Negotiate, ",
      "NTLM TlRMTVNTUAAC==, ",
      "Negotiate YWJj, ",
      'Digest realm="a, b", nonce=1, ',
      'Custom "loose", ',
      "Custom a b=é, ",
      "é x, ",
    ]
  ) {
    await t.step(others, async () => {
      await using server = registry({
        accepts: (header) => header.startsWith("Basic "),
        challenge: () => `${others}Basic realm="r"`,
      });
      using deps = sessionDeps();
      assertEquals(await textOf(await get(server, BOB, deps)), CONTENT);
    });
  }
});

Deno.test("A failed credential lookup fails the request, and the next request repeats it", async () => {
  await using server = registry({ accepts: (header) => header === "Bearer t1", token: countingTokens() });
  using deps = sessionDeps();
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

Deno.test("An aborted request rejects with its reason; the others receive the token", async () => {
  const gate = Promise.withResolvers<void>();
  const requested = Promise.withResolvers<void>();
  await using server = registry({
    accepts: (header) => header === "Bearer t",
    token: async () => {
      requested.resolve();
      await gate.promise;
      return Response.json({ token: "t" });
    },
  });
  using deps = sessionDeps();
  const session = openSession(hostOf(server), "a/b", ANONYMOUS, deps);
  const controller = new AbortController();
  const first = session.send({ method: "GET", path: PATH }, controller.signal);
  const second = session.send({ method: "GET", path: PATH }, never);
  await requested.promise;
  const reason = new Error("aborted");
  controller.abort(reason);
  assertEquals(await assertRejects(() => first), reason);
  gate.resolve();
  assertEquals(await textOf(await second), CONTENT);
});

Deno.test("A path that resolves to another host is rejected", async () => {
  await using server = registry({ accepts: () => true });
  using deps = sessionDeps();
  for (const path of ["//other.example/x", "https://other.example/x", "\\\\other.example/x"]) {
    assert(isCode(await assertRejects(() => get(server, BOB, deps, path)), "internal"), path);
  }
  assertEquals(server.log, []);
});

Deno.test("A redirect to an address that the registry must not name is refused before a request", async (t) => {
  const names: Readonly<Record<string, readonly string[]>> = {
    "registry.example": ["203.0.113.7"],
    "registry.corp": ["10.0.0.5"],
    "storage.corp": ["10.0.0.6"],
    "metadata.example": ["169.254.169.254"],
    "storage.example": ["203.0.113.8"],
  };
  const cases: readonly (readonly [registry: string, target: string, isAllowed: boolean])[] = [
    ["registry.example", "storage.example", true],
    ["registry.example", "storage.corp", false],
    ["registry.example", "metadata.example", false],
    ["registry.example", "127.0.0.1", false],
    ["registry.example", "[64:ff9b:1::a00:1]", false],
    ["registry.corp", "storage.corp", true],
    ["registry.corp", "metadata.example", false],
  ];
  for (const [name, target, isAllowed] of cases) {
    await t.step(`${name} -> ${target}: ${isAllowed}`, async () => {
      const log: string[] = [];
      const respond = (request: HttpRequest): HttpResponse => {
        log.push(request.url.hostname);
        const isFirst = request.url.hostname === name;
        return {
          status: isFirst ? 307 : 200,
          headers: new Headers(isFirst ? { location: `https://${target}/blob` } : {}),
          url: request.url,
          body: { read: () => Promise.resolve(null) },
          [Symbol.dispose]() {},
        };
      };
      const transport = {
        send: (request: HttpRequest, signal: AbortSignal) =>
          sendFollowingRedirects(request, (hop) => Promise.resolve(respond(hop)), discardResponse, signal),
      };
      const addresses = new AddressPolicy(() => false, (name) => Promise.resolve(names[name] ?? []));
      const deps = { transport, tokens: new TokenCache(), addresses };
      const host: RegistryHost = {
        registry: name,
        base: new URL(`https://${name}/v2/`),
        capabilities: new Set(["pull"]),
        isMirror: false,
        headers: {},
      };
      const sending = openSession(host, "a/b", ANONYMOUS, deps).send({ method: "GET", path: PATH }, never);
      if (isAllowed) {
        assertEquals((await sending).status, 200);
        assertEquals(log, [name, target]);
        return;
      }
      const error = await assertRejects(() => sending);
      assert(error instanceof AppError && isCode(error, "network"));
      assertEquals([error.details.reason, error.details.isRetryable, log], ["redirect", false, [name]]);
    });
  }
});
