import { AppError, isCode } from "../../base/errors.ts";
import { ANONYMOUS, type CredentialSource } from "../../content/credential.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../../tests/assert.ts";
import { SYSTEM_CLOCK } from "../../http/clock.ts";
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

Deno.test("A session without credentials requests an anonymous token once, and later sends it without a challenge", async () => {
  await using server = registry({
    accepts: (header) => header.startsWith("Bearer t"),
    token: countingTokens(),
  });
  using deps = sessionDeps();
  const session = openSession(hostOf(server), "a/b", ANONYMOUS, deps);
  assertEquals(await textOf(await session.send({ method: "GET", path: PATH }, never)), CONTENT);
  assertEquals(await textOf(await session.send({ method: "GET", path: "a/b/blobs/y" }, never)), CONTENT);
  // Another session for the same repository uses the cached token.
  assertEquals(await textOf(await get(server, ANONYMOUS, deps)), CONTENT);
  assertEquals(server.log, [
    "GET /v2/a/b/manifests/x",
    "GET /token?service=reg&scope=repository%3Aa%2Fb%3Apull",
    "GET /v2/a/b/manifests/x auth=Bearer t1",
    "GET /v2/a/b/blobs/y auth=Bearer t1",
    "GET /v2/a/b/manifests/x auth=Bearer t1",
  ]);
  assertEquals(session.credentialSource, "anonymous");
});

Deno.test("A session sends one request without credentials to an open registry", async () => {
  await using server = registry({ accepts: () => true });
  using deps = sessionDeps();
  assertEquals(await textOf(await get(server, BOB, deps)), CONTENT);
  assertEquals(server.log, ["GET /v2/a/b/manifests/x"]);
});

Deno.test("A session responds to a Basic challenge once, and later sends the credentials without one", async () => {
  await using server = registry({
    accepts: (header) => header === BOB_HEADER,
    challenge: () => 'Basic realm="here"',
  });
  using deps = sessionDeps();
  const session = openSession(hostOf(server), "a/b", BOB, deps);
  for (let i = 0; i < 2; i++) {
    assertEquals(await textOf(await session.send({ method: "GET", path: PATH }, never)), CONTENT);
  }
  assertEquals(server.log, [
    `GET /v2/${PATH}`,
    `GET /v2/${PATH} auth=${BOB_HEADER}`,
    `GET /v2/${PATH} auth=${BOB_HEADER}`,
  ]);
  assertEquals(session.credentialSource, '/home/u/config.json, user "bob"');
});

Deno.test("A session prefers Bearer to Basic in one header", async () => {
  await using server = registry({
    accepts: (header) => header === "Bearer t1",
    challenge: () => `Basic realm="here", ${BEARER}`,
    token: countingTokens(),
  });
  using deps = sessionDeps();
  assertEquals(await textOf(await get(server, BOB, deps)), CONTENT);
});

Deno.test("A wrong password is final: one retry after a Basic challenge, then the 401 is returned", async () => {
  await using server = registry({ accepts: () => false, challenge: () => 'Basic realm="here"' });
  using deps = sessionDeps();
  const response = await get(server, BOB, deps);
  assertEquals(response.status, 401);
  assertStringIncludes(await textOf(response), "log in");
  assertEquals(server.log.length, 2);
});

Deno.test("A registry token is sent unchanged", async () => {
  await using server = registry({ accepts: (header) => header === "Bearer given", token: countingTokens() });
  using deps = sessionDeps();
  const given = source({ kind: "bearer", token: "given" });
  for (let i = 0; i < 2; i++) assertEquals(await textOf(await get(server, given, deps)), CONTENT);
  assertEquals(server.log.filter((line) => line.includes("/token")), []);
  const wrong = source({ kind: "bearer", token: "wrong" });
  assertEquals((await get(server, wrong, deps))[Symbol.dispose](), undefined);
});

Deno.test("A refresh token is exchanged for tokens, and replaced by its successor", async () => {
  const forms: string[] = [];
  await using server = registry({
    accepts: (header) => header === `Bearer t${forms.length}`,
    token: async (request) => {
      const form = new URLSearchParams(await request.text());
      forms.push(`${form.get("grant_type")} ${form.get("refresh_token")}`);
      const successor = forms.length === 2 ? {} : { refresh_token: `r${forms.length}` };
      return Response.json({ access_token: `t${forms.length}`, ...successor });
    },
  });
  let now = 0;
  using deps = sessionDeps({ clock: { ...SYSTEM_CLOCK, now: () => now } });
  const identity = source({ kind: "refresh", token: "r0" });
  for (let i = 0; i < 3; i++) {
    assertEquals(await textOf(await get(server, identity, deps)), CONTENT);
    now += 3_600_000;
  }
  assertEquals(forms, ["refresh_token r0", "refresh_token r1", "refresh_token r1"]);
});

Deno.test("A token is renewed before it expires, and after the registry rejects it", async () => {
  let good = "Bearer t1";
  await using server = registry({ accepts: (header) => header === good, token: countingTokens(100) });
  let now = 1_000_000;
  using deps = sessionDeps({ clock: { ...SYSTEM_CLOCK, now: () => now } });
  await textOf(await get(server, BOB, deps));
  now += 89_000;
  await textOf(await get(server, BOB, deps));
  now += 2_000;
  good = "Bearer t2";
  assertEquals(await textOf(await get(server, BOB, deps)), CONTENT, "after 90 % of its lifetime");
  good = "Bearer t3";
  assertEquals(await textOf(await get(server, BOB, deps)), CONTENT, "after the registry rejected it");
  assertEquals(server.log, [
    `GET /v2/${PATH}`,
    "POST /token",
    `GET /v2/${PATH} auth=Bearer t1`,
    `GET /v2/${PATH} auth=Bearer t1`,
    "POST /token",
    `GET /v2/${PATH} auth=Bearer t2`,
    `GET /v2/${PATH} auth=Bearer t2`,
    "POST /token",
    `GET /v2/${PATH} auth=Bearer t3`,
  ]);
});

Deno.test("Concurrent requests share one token request, at the start and after the token is rejected", async () => {
  let good = "Bearer t1";
  await using server = registry({ accepts: (header) => header === good, token: countingTokens() });
  using deps = sessionDeps();
  let lookups = 0;
  const credentials: CredentialSource = {
    findCredential(...args) {
      lookups++;
      return BOB.findCredential(...args);
    },
  };
  const session = openSession(hostOf(server), "a/b", credentials, deps);
  const all = async () => {
    const sends = Array.from(
      { length: 12 },
      async (_, i) => await textOf(await session.send({ method: "GET", path: `a/b/blobs/${i}` }, never)),
    );
    assertEquals(new Set(await Promise.all(sends)), new Set([CONTENT]));
  };
  await all();
  good = "Bearer t2";
  await all();
  assertEquals(server.log.filter((line) => line.includes("/token")).length, 2);
  assertEquals(lookups, 1);
});

Deno.test("A session for the whole registry requests a token without scope", async () => {
  await using server = registry({
    accepts: (header) => header === "Bearer t1",
    challenge: () => 'Bearer realm="{base}token?x=1",service="reg"',
    token: countingTokens(),
  });
  using deps = sessionDeps();
  const session = openSession(hostOf(server), "", ANONYMOUS, deps);
  assertEquals(await textOf(await session.send({ method: "GET", path: "" }, never)), CONTENT);
  assertEquals(server.log, ["GET /v2/", "GET /token?x=1&service=reg", "GET /v2/ auth=Bearer t1"]);
});

Deno.test("The rejection of a fresh token is final", async () => {
  await using server = registry({ accepts: () => false, token: countingTokens() });
  using deps = sessionDeps();
  const response = await get(server, BOB, deps);
  assertEquals(response.status, 401);
  await textOf(response);
  assertEquals(server.log, [`GET /v2/${PATH}`, "POST /token", `GET /v2/${PATH} auth=Bearer t1`]);
});

Deno.test("After insufficient_scope, a token for both scopes is requested once", async (t) => {
  for (const status of [401, 403]) {
    await t.step(`${status}`, async () => {
      const scopes: string[] = [];
      await using server = registry({
        accepts: (header) => header === "Bearer t2",
        status,
        challenge: (_path, header) =>
          header === ""
            ? 'Bearer realm="{base}token",error="insufficient_scope"'
            : 'Bearer realm="{base}token",error="insufficient_scope",scope="repository:other:pull"',
        token: async (request) => {
          scopes.push(new URLSearchParams(await request.text()).get("scope") ?? "");
          return Response.json({ token: `t${scopes.length}` });
        },
      });
      using deps = sessionDeps();
      assertEquals(await textOf(await get(server, BOB, deps)), CONTENT);
      assertEquals(scopes, ["repository:a/b:pull", "repository:a/b:pull repository:other:pull"]);
    });
  }
});

Deno.test("Repeated insufficient_scope ends after three requests", async () => {
  let wider = 0;
  await using server = registry({
    accepts: () => false,
    challenge: () =>
      `Bearer realm="{base}token",error="insufficient_scope",scope="repository:x${++wider}:pull"`,
    token: countingTokens(),
  });
  using deps = sessionDeps();
  const response = await get(server, BOB, deps);
  assertEquals(response.status, 401);
  await textOf(response);
  assertEquals(server.log.filter((line) => !line.includes("/token")).length, 3);
});

Deno.test("A rejected credential doesn't affect the tokens of another one", async () => {
  await using server = registry({
    accepts: (header) => header === "Bearer bob",
    token: async (request) => {
      const form = new URLSearchParams(await request.text());
      return form.get("password") === "s3cret"
        ? Response.json({ token: "bob" })
        : Response.json({ details: "incorrect username or password" }, { status: 401 });
    },
  });
  using deps = sessionDeps();
  const wrong = source({ kind: "basic", username: "bob", password: "guess" });
  const fail = async () => {
    const error = await assertRejects(() => get(server, wrong, deps));
    assert(error instanceof AppError && isCode(error, "unauthorized"));
    return error;
  };
  const { message } = await fail();
  assertEquals(
    message,
    `Cannot get a token for "${server.url.host}": realm "${server.url}token" responded with 401 ` +
      '(credentials from /home/u/config.json, user "bob"; scope "repository:a/b:pull"): incorrect username or password',
  );
  assertEquals(await textOf(await get(server, BOB, deps)), CONTENT);
  await fail();
  assertEquals(await textOf(await get(server, BOB, deps)), CONTENT);
});

Deno.test("Credentials are looked up only after a challenge", async () => {
  const lookups: string[] = [];
  const credentials: CredentialSource = {
    findCredential(registry, repository) {
      lookups.push(`${registry} ${repository}`);
      return Promise.resolve(undefined);
    },
  };
  await using open = registry({ accepts: () => true });
  await using closed = registry({ accepts: (header) => header === "Bearer t1", token: countingTokens() });
  using deps = sessionDeps();
  await textOf(await get(open, credentials, deps));
  assertEquals(lookups, []);
  await textOf(await get(closed, credentials, deps));
  assertEquals(lookups, [`${closed.url.host} a/b`]);
});

Deno.test("A mirror receives the credentials stored under its own name", async () => {
  const lookups: string[] = [];
  const credentials: CredentialSource = {
    isByName: true,
    findCredential(registry, repository) {
      lookups.push(`${registry} ${repository}`);
      return BOB.findCredential(registry, repository, never);
    },
  };
  await using server = registry({
    accepts: (header) => header === BOB_HEADER,
    challenge: () => 'Basic realm="mirror"',
  });
  using deps = sessionDeps();
  const base = new URL("proxy/v2/", server.url);
  const host = hostOf(server, { registry: "docker.io", isMirror: true, base });
  const session = openSession(host, "a/b", credentials, deps);
  assertEquals(await textOf(await session.send({ method: "GET", path: PATH }, never)), CONTENT);
  assertEquals(lookups, [`${server.url.host} proxy/a/b`]);
});

/** A registry that asks for credentials only at its base. */
function discreet(status: number, scheme: "Basic" | "Bearer") {
  const header = scheme === "Basic" ? BOB_HEADER : "Bearer t1";
  const issue = countingTokens();
  const server: TestServer = serve(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/token") {
      const form = await request.clone().text();
      return form.includes("s3cret") ? await issue(request) : new Response(null, { status: 401 });
    }
    if (request.headers.get("authorization") === header) return new Response(CONTENT);
    if (pathname !== "/v2/") return new Response("unknown repository", { status });
    const challenge = scheme === "Basic" ? 'Basic realm="r"' : BEARER.replace("{base}", server.url.href);
    return new Response(null, { status: 401, headers: { "www-authenticate": challenge } });
  });
  return server;
}

Deno.test("After a 403 or 404 without a challenge, the challenge of the base is used", async (t) => {
  for (const status of [403, 404]) {
    for (const scheme of ["Basic", "Bearer"] as const) {
      await t.step(`${status}, ${scheme}`, async () => {
        await using server = discreet(status, scheme);
        using deps = sessionDeps();
        assertEquals(await textOf(await get(server, BOB, deps)), CONTENT);
        // The next session sends credentials immediately.
        assertEquals(await textOf(await get(server, BOB, deps)), CONTENT);
        const paths = server.log.map((line) => line.split(" ")[1]);
        assertEquals(paths.filter((path) => path !== "/token"), [
          `/v2/${PATH}`,
          "/v2/",
          `/v2/${PATH}`,
          `/v2/${PATH}`,
        ]);
      });
      await t.step(`${status}, ${scheme}, without credentials`, async () => {
        await using server = discreet(status, scheme);
        using deps = sessionDeps();
        const response = await get(server, ANONYMOUS, deps);
        assertEquals([response.status, await textOf(response)], [status, "unknown repository"]);
      });
    }
  }
});

Deno.test("The base of a registry that accepts anonymous requests is requested once", async () => {
  await using server = serve((request) =>
    new Response(null, { status: new URL(request.url).pathname === "/v2/" ? 200 : 404 })
  );
  using deps = sessionDeps();
  for (let i = 0; i < 2; i++) {
    const response = await get(server, BOB, deps);
    assertEquals(response.status, 404);
    response[Symbol.dispose]();
  }
  assertEquals(server.log, [`GET /v2/${PATH}`, "GET /v2/", `GET /v2/${PATH}`]);
});
