import { neverAborted } from "../base/concurrency/abort.ts";
import { readFull } from "../base/bytes.ts";
import { AppError, isCode } from "../base/errors.ts";
import { createAuthority } from "../../tests/certificates/mod.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../tests/assert.ts";
import { discardResponse } from "./message/discard.ts";
import type { HttpRequest } from "./message/http_message.ts";
import { networkReasonOf } from "./network/network_error.ts";
import { noRoots, serve, testDeadline, testPem, textOf } from "./test_servers.ts";
import type { TlsIdentitySource } from "./tls/tls.ts";
import { createTransport, type TransportOptions } from "./transport.ts";

const never = neverAborted();
const TRUSTS_CA: TlsIdentitySource = { tlsFor: () => Promise.resolve({ caCerts: [testPem("ca.crt")] }) };

function open(options: TransportOptions = {}, readRoots: () => Promise<string | undefined> = noRoots) {
  const transport = createTransport(options, readRoots);
  const get = (url: string | URL, changes: Partial<HttpRequest> = {}, signal = never) =>
    transport.send({ method: "GET", url: new URL(url), headers: {}, ...changes }, signal);
  return { get, close: () => transport.close(), [Symbol.dispose]: () => transport.close() };
}

Deno.test("A body is read into the caller's buffer, whatever its size", async () => {
  const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
  await using server = serve(() => new Response(bytes));
  using transport = open();
  for (const size of [1_000, 65_537, 300_000, 400_000]) {
    using response = await transport.get(server.url);
    const buffer = new Uint8Array(size);
    const all: number[] = [];
    for (;;) {
      const n = await readFull(response.body, buffer);
      if (n === 0) break;
      assertEquals(buffer.length, size, "the caller's buffer isn't detached");
      for (const byte of buffer.subarray(0, n)) all.push(byte);
    }
    assertEquals(await response.body.read(buffer), null);
    assertEquals(all.length, bytes.length);
    assert(all.every((byte, i) => byte === bytes[i]));
  }
});

Deno.test("A response to HEAD has an empty body", async () => {
  await using server = serve(() => new Response("four", { headers: { "x-a": "b" } }));
  using transport = open();
  using response = await transport.get(server.url, { method: "HEAD" });
  assertEquals(await response.body.read(new Uint8Array(1)), null);
  assertEquals(response.headers.get("x-a"), "b");
});

Deno.test("A request has a User-Agent and disables content encodings", async () => {
  await using server = serve((request) => Response.json(Object.fromEntries(request.headers)));
  using transport = open({ userAgent: "dray/1" });
  const headers = JSON.parse(await textOf(await transport.get(server.url, { headers: { accept: "a/b" } })));
  assertEquals([headers["user-agent"], headers["accept-encoding"], headers.accept], [
    "dray/1",
    "identity",
    "a/b",
  ]);
});

Deno.test("User information in a URL is not sent", async () => {
  await using server = serve(() => new Response("x"));
  using transport = open();
  const url = new URL(server.url);
  url.username = "bob";
  url.password = "s3cret";
  // GET is sent by Http1Client, and POST by fetch.
  for (const method of ["GET", "POST"] as const) {
    assertEquals(await textOf(await transport.get(url, { method })), "x");
  }
  assertEquals(server.log, ["GET /", "POST /"]);
});

Deno.test("The connection of a discarded response is reused", async () => {
  const ports = new Set<number>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (_request, { remoteAddr }) => {
    ports.add(remoteAddr.port);
    return new Response("x".repeat(5_000), { status: 401 });
  });
  using transport = open();
  for (let i = 0; i < 3; i++) {
    await discardResponse(await transport.get(`http://127.0.0.1:${server.addr.port}/`));
  }
  assertEquals(ports.size, 1);
  transport.close();
  await server.shutdown();
});

Deno.test("Disposing a response early closes its connection", async () => {
  const ended = Promise.withResolvers<string>();
  const chunk = new Uint8Array(64 * 1024);
  let left = 1000;
  await using server = serve(() =>
    new Response(
      new ReadableStream({
        pull(controller) {
          controller.enqueue(chunk);
          if (--left > 0) return;
          controller.close();
          ended.resolve("sent to its end");
        },
        cancel: () => ended.resolve("cancelled"),
      }),
    )
  );
  using transport = open();
  {
    using response = await transport.get(server.url);
    await response.body.read(new Uint8Array(10));
  }
  assertEquals(await ended.promise, "cancelled");
});

/** Accepts connections and calls `act` with each. */
function listen(act: (conn: Deno.Conn) => Promise<void>) {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const conns: Deno.Conn[] = [];
  const done = (async () => {
    for await (const conn of listener) {
      conns.push(conn);
      await act(conn).catch(() => {});
    }
  })();
  return {
    url: new URL(`http://127.0.0.1:${listener.addr.port}/`),
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const conn of conns) {
        try {
          conn.close();
        } catch {
          // The test closed it.
        }
      }
      await done;
    },
  };
}

Deno.test("A host without a response in time is a network error, not an abort", async () => {
  await using silent = listen(() => Promise.resolve());
  using transport = open({ headTimeout: 30 });
  using deadline = testDeadline();
  const error = await assertRejects(() => transport.get(silent.url, {}, deadline.signal));
  assert(error instanceof AppError);
  assertEquals([error.code, error.details.reason, error.details.isRetryable], ["network", "timeout", true]);
  assertEquals(error.message, `Cannot reach "${silent.url.host}": no response within 0.03 s`);
});

Deno.test("The head timeout doesn't apply to the body", async () => {
  const more = Promise.withResolvers<void>();
  await using server = serve(() =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("be")),
        async pull(controller) {
          await more.promise;
          controller.enqueue(new TextEncoder().encode("gun"));
          controller.close();
        },
      }),
    )
  );
  using transport = open({ headTimeout: 1_000 });
  using response = await transport.get(server.url);
  const buffer = new Uint8Array(10);
  assertEquals(await response.body.read(buffer), 2);
  more.resolve();
  assertEquals(await response.body.read(buffer), 3);
});

Deno.test("An abort throws the caller's reason before the request, in the head and in the body", async () => {
  const reason = new Error("enough");
  const requested = Promise.withResolvers<void>();
  await using silent = listen(async (conn) => {
    await conn.read(new Uint8Array(100));
    requested.resolve();
  });
  await using server = serve(() =>
    new Response(
      new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }),
    )
  );
  using transport = open();
  assertEquals(await assertRejects(() => transport.get(silent.url, {}, AbortSignal.abort(reason))), reason);
  const inHead = new AbortController();
  const sending = transport.get(silent.url, {}, inHead.signal);
  await requested.promise;
  inHead.abort(reason);
  assertEquals(await assertRejects(() => sending), reason);
  const inBody = new AbortController();
  using response = await transport.get(server.url, {}, inBody.signal);
  await response.body.read(new Uint8Array(1));
  const reading = response.body.read(new Uint8Array(1));
  inBody.abort(reason);
  assertEquals(await assertRejects(() => reading), reason);
});

Deno.test("A closed connection is a network error, in the head and in the body", async () => {
  await using closing = listen(async (conn) => {
    await conn.read(new Uint8Array(1_000));
    conn.close();
  });
  await using cutting = listen(async (conn) => {
    await conn.read(new Uint8Array(1_000));
    await conn.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour"));
    conn.close();
  });
  using transport = open();
  const inHead = await assertRejects(() => transport.get(closing.url));
  assertEquals(networkReasonOf(inHead), "reset");
  using response = await transport.get(cutting.url);
  const inBody = await assertRejects(() => readFull(response.body, new Uint8Array(100)));
  assertEquals(networkReasonOf(inBody), "reset");
  assert(inBody instanceof Error);
  assertStringIncludes(inBody.message, `"${cutting.url.host}"`);
});

Deno.test("A refused connection and both confusions of http and https have different reasons", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  await using plain = serve(() => new Response());
  await using tls = serve(() => new Response(), { tls: "server" });
  using transport = open();
  const reasonOf = async (url: string) => networkReasonOf(await assertRejects(() => transport.get(url)));
  assertEquals(await reasonOf(`http://127.0.0.1:${port}/`), "refused");
  assertEquals(await reasonOf(`https://127.0.0.1:${plain.port}/`), "not_tls");
  assertEquals(await reasonOf(`http://127.0.0.1:${tls.port}/`), "not_tls");
});

Deno.test("Certificates are validated: CA, name and validity period", async (t) => {
  const cases = [
    ["server", true, undefined],
    ["server", false, "tls_authority"],
    ["other-name", true, "tls_name"],
    ["expired", true, "tls_expired"],
    ["not-yet", true, "tls_expired"],
    // A certificate with CA:TRUE that the server presents as its own.
    ["ca", true, "tls_ca"],
    ["ca", false, "tls_ca"],
  ] as const;
  for (const [tls, isTrusted, reason] of cases) {
    await t.step(`${tls}, ${isTrusted ? "trusted" : "unknown"} CA: ${reason ?? "valid"}`, async () => {
      await using server = serve(() => new Response("tls"), { tls, host: "localhost" });
      using transport = open(isTrusted ? { tls: TRUSTS_CA } : {});
      if (reason === undefined) {
        assertEquals(await textOf(await transport.get(server.url)), "tls");
      } else {
        const error = await assertRejects(() => transport.get(server.url));
        assert(error instanceof AppError);
        assertEquals([error.details.reason, error.details.isRetryable], [reason, false]);
        assertStringIncludes(error.message, `Cannot reach "localhost:${server.port}": its certificate`);
        assertEquals(error.message.includes("basicConstraints=critical,CA:FALSE"), reason === "tls_ca");
      }
    });
  }
});

Deno.test("The system's CA bundle is read once, and only after a certificate of an unknown CA", async () => {
  await using server = serve(() => new Response("tls"), { tls: "server" });
  await using plain = serve(() => new Response("plain"));
  let reads = 0;
  using transport = open({}, () => {
    reads++;
    return Promise.resolve(testPem("ca.crt"));
  });
  assertEquals(await textOf(await transport.get(plain.url)), "plain");
  assertEquals(reads, 0);
  for (let i = 0; i < 2; i++) assertEquals(await textOf(await transport.get(server.url)), "tls");
  assertEquals(reads, 1);
});

Deno.test("A CA bundle without the right CA doesn't change the error", async () => {
  await using server = serve(() => new Response("tls"), { tls: "server" });
  const { cert } = await createAuthority("another CA");
  using transport = open({}, () => Promise.resolve(cert));
  assertEquals(networkReasonOf(await assertRejects(() => transport.get(server.url))), "tls_authority");
});

Deno.test("The error for unusable certificates names the host", async () => {
  const caCerts = ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"];
  using transport = open({ tls: { tlsFor: () => Promise.resolve({ caCerts }) } });
  const error = await assertRejects(() => transport.get("https://reg.example/"));
  assert(error instanceof AppError && isCode(error, "invalid_content"));
  assertStringIncludes(error.message, '"reg.example"');
});

Deno.test("A closed transport rejects requests", async () => {
  const transport = open();
  transport.close();
  transport.close();
  assert(isCode(await assertRejects(() => transport.get("http://127.0.0.1/")), "internal"));
});
