import { SecretSet } from "../../base/secret_set.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { AppError, type ErrorCode } from "../../base/errors.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../../tests/assert.ts";
import { encode } from "../../compress/test_encoder.ts";
import { type Clock, SYSTEM_CLOCK } from "../../http/clock.ts";
import { serve, type TestServer } from "../../http/test_servers.ts";
import { TestClock } from "../../http/test_clock.ts";
import { basicHeader, fetchToken, type Token, type TokenRequest } from "./token.ts";
import { createTransport } from "../../http/transport.ts";

const never = neverAborted();
const BOB = { kind: "basic", username: "bob", password: "s3cret" } as const;
const NOW = Date.parse("2026-01-01T00:00:00Z");

async function request(
  server: TestServer,
  changes: Partial<TokenRequest> = {},
  clock: Clock = { ...SYSTEM_CLOCK, now: () => NOW },
): Promise<Token> {
  const transport = createTransport();
  try {
    return await fetchToken(
      {
        realm: new URL("token", server.url),
        service: "reg",
        scopes: ["repository:a/b:pull"],
        source: "anonymous",
        registry: new URL("v2/", server.url),
        checkRealm: () => Promise.resolve(),
        secrets: new SecretSet(),
        ...changes,
      },
      transport,
      clock,
      never,
    );
  } finally {
    transport.close();
  }
}

const granting = () => Response.json({ token: "t" });

Deno.test("An anonymous token is requested with GET, which keeps the query of the realm", async () => {
  await using server = serve(granting);
  const realm = new URL("token?tenant=1", server.url);
  await request(server, { realm, scopes: ["b", "a"] });
  await request(server, { service: "", scopes: [] });
  assertEquals(server.log, [
    "GET /token?tenant=1&service=reg&scope=b&scope=a",
    "GET /token",
  ]);
});

Deno.test("A token with a password is requested with POST, then with GET if the server rejects that", async (t) => {
  for (const status of [400, 401, 404, 405]) {
    await t.step(`${status}`, async () => {
      await using server = serve((request) =>
        request.method === "POST" ? new Response("no", { status }) : granting()
      );
      await request(server, { credential: BOB });
      assertEquals(server.log, [
        "POST /token",
        `GET /token?service=reg&scope=repository%3Aa%2Fb%3Apull&account=bob auth=${
          basicHeader("bob", "s3cret")
        }`,
      ]);
    });
  }
  for (const status of [403, 429, 500]) {
    await t.step(`${status} is final`, async () => {
      await using server = serve(() => new Response("no", { status }));
      await assertRejects(() => request(server, { credential: BOB }));
      assertEquals(server.log, ["POST /token"]);
    });
  }
});

Deno.test("A compressed token response is decompressed", async () => {
  const packed = encode("gzip", new TextEncoder().encode('{"token":"t"}'));
  await using server = serve(() => new Response(packed, { headers: { "content-encoding": "gzip" } }));
  assertEquals((await request(server)).token, "t");
});

Deno.test("A refresh token is never sent with GET", async () => {
  const forms: string[] = [];
  await using server = serve(async (request) => {
    forms.push(await request.text());
    return new Response("no", { status: 404 });
  });
  await assertRejects(() => request(server, { credential: { kind: "refresh", token: "r" } }));
  assertEquals(forms, [
    "grant_type=refresh_token&refresh_token=r&client_id=dray&service=reg&scope=repository%3Aa%2Fb%3Apull",
  ]);
});

Deno.test("basicHeader() encodes any characters", () => {
  assertEquals(basicHeader("a", "ü:€"), `Basic ${btoa("a:\xc3\xbc:\xe2\x82\xac")}`);
});

const at = (offsetS: number) => new Date(NOW + offsetS * 1000).toISOString();
const LIVES: readonly (readonly [fields: Record<string, unknown>, usableS: number])[] = [
  [{}, 54],
  [{ expires_in: 300 }, 270],
  [{ expires_in: "300" }, 270],
  [{ expires_in: 0 }, 54],
  [{ expires_in: -5 }, 54],
  [{ expires_in: null }, 54],
  [{ expires_in: "soon" }, 54],
  [{ expires_in: 300, issued_at: at(-100) }, 170],
  [{ expires_in: 300, issued_at: at(0) }, 270],
  // If the clocks differ too much, the lifetime starts now.
  [{ expires_in: 300, issued_at: at(4_000) }, 270],
  [{ expires_in: 300, issued_at: at(-4_000) }, 270],
  [{ expires_in: 300, issued_at: "yesterday" }, 270],
];

Deno.test("A token is usable for nine tenths of its lifetime", async (t) => {
  for (const [fields, usableS] of LIVES) {
    await t.step(JSON.stringify(fields), async () => {
      await using server = serve(() => Response.json({ token: "t", ...fields }));
      assertEquals((await request(server)).usableUntil, NOW + usableS * 1000);
    });
  }
});

Deno.test("A token is read from either field, and an invalid one is rejected", async (t) => {
  const good: readonly (readonly [body: Record<string, unknown>, token: string])[] = [
    [{ token: "a" }, "a"],
    [{ access_token: "b" }, "b"],
    [{ token: "a", access_token: "b" }, "a"],
    [{ token: "", access_token: "b" }, "b"],
    [{ token: null, access_token: "b" }, "b"],
  ];
  for (const [body, token] of good) {
    await t.step(JSON.stringify(body), async () => {
      await using server = serve(() => Response.json(body));
      assertEquals((await request(server)).token, token);
    });
  }
  const bad = [
    "{}",
    "[]",
    "nothing",
    '{"token":5}',
    '{"token":"a b"}',
    '{"token":"a\\r\\nx: y"}',
    '{"token":"é"}',
  ];
  for (const body of bad) {
    await t.step(body, async () => {
      await using server = serve(() => new Response(body));
      const error = await assertRejects(() => request(server));
      assert(error instanceof AppError && error.code === "invalid_content");
    });
  }
});

Deno.test("A token response has at most 64 KiB", async () => {
  const body = (length: number) => `{"token":"t","pad":"${"x".repeat(length)}"}`;
  await using small = serve(() => new Response(body(65_000)));
  assertEquals((await request(small)).token, "t");
  await using huge = serve(() => new Response(body(66_000)));
  const error = await assertRejects(() => request(huge));
  assert(error instanceof AppError && error.code === "limit_exceeded");
});

const FAILURES: readonly (readonly [status: number, code: ErrorCode, isRetryable: boolean])[] = [
  [400, "unauthorized", false],
  [401, "unauthorized", false],
  [403, "forbidden", false],
  [404, "unauthorized", false],
  [408, "network", true],
  [418, "unauthorized", false],
  [429, "rate_limited", true],
  [500, "network", true],
  [503, "network", true],
];

Deno.test("The error for a refused token names the realm, the credentials, the scope and the server's message", async (t) => {
  for (const [status, code, isRetryable] of FAILURES) {
    await t.step(`${status}`, async () => {
      await using server = serve(() =>
        Response.json({ details: "no\u001b[31m\nluck" }, { status, headers: { "retry-after": "7" } })
      );
      const realm = new URL("token?key=s3cret", server.url);
      const error = await assertRejects(() =>
        request(server, { realm, credential: BOB, source: 'config, user "bob"' })
      );
      assert(error instanceof AppError);
      assertEquals([error.code, error.details.isRetryable, error.details.retryAfter], [
        code,
        isRetryable,
        7_000,
      ]);
      assertEquals(
        error.message,
        `Cannot get a token for "${server.url.host}": realm "${server.url}token" responded with ${status} ` +
          '(credentials from config, user "bob"; scope "repository:a/b:pull"): no [31m luck',
      );
    });
  }
});

Deno.test("A redirect of a realm is checked, and another origin receives no password", async () => {
  await using other = serve(granting);
  await using server = serve((request) =>
    request.method === "POST"
      ? new Response(null, { status: 405 })
      : new Response(null, { status: 302, headers: { location: new URL("elsewhere", other.url).href } })
  );
  assertEquals((await request(server, { credential: BOB })).token, "t");
  assertEquals(other.log, ["GET /elsewhere"]);
  const refusal = new AppError("unauthorized", "refused");
  const checkRealm = (url: URL) =>
    url.pathname === "/elsewhere" ? Promise.reject(refusal) : Promise.resolve();
  assertEquals(await assertRejects(() => request(server, { checkRealm })), refusal);
  assertEquals(other.log.length, 1);
  await using redirecting = serve(() => Response.redirect(new URL("elsewhere", other.url), 302));
  const posting = () => request(redirecting, { credential: BOB, checkRealm });
  assertEquals(await assertRejects(posting), refusal);
  assertEquals([redirecting.log, other.log.length], [["POST /token"], 1]);
});

Deno.test("A form with a password is not sent to another origin", async () => {
  await using other = serve(granting);
  await using server = serve(() =>
    new Response(null, { status: 307, headers: { location: other.url.href } })
  );
  const error = await assertRejects(() => request(server, { credential: BOB }));
  assert(error instanceof AppError);
  assertStringIncludes(error.message, "a form must not be sent to another host");
  assertEquals(other.log, []);
});

/** Advances the clock by 30 s as soon as a body is being read, `times` times. */
async function expire(clock: TestClock, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    while (clock.timers === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    clock.advance(29_999);
    assertEquals(clock.timers, 1);
    clock.advance(1);
  }
}

/** A response that begins, and then never ends. */
function unfinished(): Response {
  const start = new TextEncoder().encode('{"token":');
  return new Response(new ReadableStream({ start: (controller) => controller.enqueue(start) }));
}

Deno.test("A token response that takes more than 30 s is requested once more, and then is an error", async () => {
  await using server = serve(unfinished);
  const clock = new TestClock();
  const failing = assertRejects(() => request(server, {}, clock), AppError);
  await expire(clock, 2);
  const error = await failing;
  assertEquals([error.code, error.details.isRetryable, server.log.length], ["network", false, 2]);
  assertStringIncludes(error.message, "did not send all of it within 30 s");
});

Deno.test("A token service may be too slow once", async () => {
  let requests = 0;
  await using server = serve(() => requests++ === 0 ? unfinished() : granting());
  const clock = new TestClock();
  const pending = request(server, {}, clock);
  await expire(clock, 1);
  assertEquals((await pending).token, "t");
});

Deno.test("No error about a token response has a cause, which would quote a bare token", async () => {
  await using server = serve(() => new Response("bare-token-7f3a"));
  const error = await assertRejects(() => request(server), AppError);
  assertEquals([error.code, error.cause], ["invalid_content", undefined]);
  assert(!Deno.inspect(error).includes("bare-token"));
});
