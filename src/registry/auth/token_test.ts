import { neverAborted } from "../../base/abort.ts";
import { AppError, type ErrorCode } from "../../base/errors.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../../tests/assert.ts";
import { type Clock, SYSTEM_CLOCK } from "../../http/clock.ts";
import { serve, type TestServer } from "../../http/test_servers.ts";
import { basicHeader, fetchToken, type Token, type TokenRequest } from "./token.ts";
import { createTransport } from "../../http/transport.ts";

const never = neverAborted();
const BOB = { kind: "basic", username: "bob", password: "s3cret" } as const;
const NOW = Date.parse("2026-01-01T00:00:00Z");

async function ask(
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
        checkRealm: () => {},
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

Deno.test("Nobody asks by GET, and keeps the query of the realm", async () => {
  await using server = serve(granting);
  const realm = new URL("token?tenant=1", server.url);
  await ask(server, { realm, scopes: ["b", "a"] });
  await ask(server, { service: "", scopes: [], offline: true });
  assertEquals(server.log, [
    "GET /token?tenant=1&service=reg&scope=b&scope=a",
    "GET /token?client_id=dray&offline_token=true",
  ]);
});

Deno.test("A user asks by POST first, and by GET where the server wants that", async (t) => {
  for (const status of [400, 401, 404, 405]) {
    await t.step(`${status}`, async () => {
      await using server = serve((request) =>
        request.method === "POST" ? new Response("no", { status }) : granting()
      );
      await ask(server, { credential: BOB });
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
      await assertRejects(() => ask(server, { credential: BOB }));
      assertEquals(server.log, ["POST /token"]);
    });
  }
});

Deno.test("A refresh token is never asked with by GET", async () => {
  const forms: string[] = [];
  await using server = serve(async (request) => {
    forms.push(await request.text());
    return new Response("no", { status: 404 });
  });
  await assertRejects(() => ask(server, { credential: { kind: "refresh", token: "r" }, offline: true }));
  assertEquals(forms, [
    "grant_type=refresh_token&refresh_token=r&client_id=dray&service=reg&scope=repository%3Aa%2Fb%3Apull&access_type=offline",
  ]);
});

Deno.test("A user name and password of any characters survive", () => {
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
  // Clocks that differ: the token is as old as it is here.
  [{ expires_in: 300, issued_at: at(4_000) }, 270],
  [{ expires_in: 300, issued_at: at(-4_000) }, 270],
  [{ expires_in: 300, issued_at: "yesterday" }, 270],
];

Deno.test("A token is used for nine tenths of its life", async (t) => {
  for (const [fields, usableS] of LIVES) {
    await t.step(JSON.stringify(fields), async () => {
      await using server = serve(() => Response.json({ token: "t", ...fields }));
      assertEquals((await ask(server)).usableUntil, NOW + usableS * 1000);
    });
  }
});

Deno.test("The token is in either field, and what can't be one is refused", async (t) => {
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
      assertEquals((await ask(server)).token, token);
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
      const error = await assertRejects(() => ask(server));
      assert(error instanceof AppError && error.code === "invalid_content");
    });
  }
});

Deno.test("A token response has at most 64 KiB", async () => {
  const body = (length: number) => `{"token":"t","pad":"${"x".repeat(length)}"}`;
  await using fits = serve(() => new Response(body(65_000)));
  assertEquals((await ask(fits)).token, "t");
  await using huge = serve(() => new Response(body(66_000)));
  const error = await assertRejects(() => ask(huge));
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

Deno.test("A refusal says who asked whom for what, and what the server said", async (t) => {
  for (const [status, code, isRetryable] of FAILURES) {
    await t.step(`${status}`, async () => {
      await using server = serve(() =>
        Response.json({ details: "no\u001b[31m\nluck" }, { status, headers: { "retry-after": "7" } })
      );
      const realm = new URL("token?key=s3cret", server.url);
      const error = await assertRejects(() =>
        ask(server, { realm, credential: BOB, source: 'config, user "bob"' })
      );
      assert(error instanceof AppError);
      assertEquals([error.code, error.details.isRetryable, error.details.retryAfter], [
        code,
        isRetryable,
        7_000,
      ]);
      assertEquals(
        error.message,
        `Cannot get a token for "${server.url.host}": realm "${server.url}token?key=REDACTED" answered ${status} ` +
          '(config, user "bob"; scope "repository:a/b:pull"): no [31m luck',
      );
    });
  }
});

Deno.test("A realm's redirect is checked, and gets no password in another origin", async () => {
  await using other = serve(granting);
  await using server = serve((request) =>
    request.method === "POST"
      ? new Response(null, { status: 405 })
      : new Response(null, { status: 302, headers: { location: new URL("elsewhere", other.url).href } })
  );
  assertEquals((await ask(server, { credential: BOB })).token, "t");
  assertEquals(other.log, ["GET /elsewhere"]);
  const no = new AppError("unauthorized", "No");
  const checkRealm = (url: URL) => {
    if (url.pathname === "/elsewhere") throw no;
  };
  assertEquals(await assertRejects(() => ask(server, { checkRealm })), no);
  assertEquals(other.log.length, 1);
});

Deno.test("A form with a password is not sent on to another origin", async () => {
  await using other = serve(granting);
  await using server = serve(() =>
    new Response(null, { status: 307, headers: { location: other.url.href } })
  );
  const error = await assertRejects(() => ask(server, { credential: BOB }));
  assert(error instanceof AppError);
  assertStringIncludes(error.message, "redirected a form to another host");
  assertEquals(other.log, []);
});
