import { assertEquals, assertMatch, assertStringIncludes } from "../../../tests/assert.ts";
import { Observer, type ObserverLimits } from "./observer.ts";
import { ProgressFeed } from "../pulls/progress_feed.ts";

interface Kit {
  readonly feed: ProgressFeed;
  readonly connect: () => Promise<Deno.Conn>;
  readonly close: () => Promise<void>;
}

async function withObserver(
  test: (kit: Kit) => Promise<void>,
  limits: Partial<ObserverLimits> = {},
): Promise<void> {
  const feed = new ProgressFeed();
  const observer = new Observer({ feed, metrics: () => "figures 1\n", onProblem: () => {} }, limits);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const serving = observer.serve(listener, "node1.test");
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port });
  try {
    await test({ feed, connect, close: () => observer.close() });
  } finally {
    await observer[Symbol.asyncDispose]();
    await serving;
  }
}

async function send(kit: Kit, request: string): Promise<string> {
  const conn = await kit.connect();
  await conn.write(new TextEncoder().encode(request));
  return await new Response(conn.readable).text();
}

/** Reads until the text was received. */
async function until(conn: Deno.Conn, text: string): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let all = "";
  while (!all.includes(text)) {
    const n = await conn.read(buffer);
    if (n === null) throw new Error(`The connection ended after ${JSON.stringify(all)}`);
    all += decoder.decode(buffer.subarray(0, n), { stream: true });
  }
  return all;
}

Deno.test("each page is served, and other requests get an error", async (t) => {
  const cases: readonly [request: string, want: RegExp][] = [
    ["GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n", /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nfigures 1\n$/],
    ["GET /metrics?x=1 HTTP/1.0\n\n", /^HTTP\/1\.1 200 OK\r\n[^]*figures 1\n$/],
    ["HEAD /metrics HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 200 OK\r\n[^]*content-length: 10\r\n[^]*\r\n\r\n$/],
    ["HEAD /progress HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 200 OK\r\n[^]*event-stream[^]*\r\n\r\n$/],
    ["GET / HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 404 /],
    ["POST /metrics HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 405 /],
    ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", /^HTTP\/1\.1 400 /],
    [`GET /${"x".repeat(9000)}`, /^HTTP\/1\.1 400 /],
  ];
  for (const [request, want] of cases) {
    await t.step(
      JSON.stringify(request.slice(0, 40)),
      () => withObserver(async (kit) => assertMatch(await send(kit, request), want)),
    );
  }
});

Deno.test("progress is sent as events, starting with the running pulls", async () => {
  await withObserver(async ({ feed, connect }) => {
    const pull = feed.begin("a:1");
    pull.onEvent({ kind: "resolving", name: "a:1" });
    using conn = await connect();
    await conn.write(new TextEncoder().encode("GET /progress HTTP/1.1\r\n\r\n"));
    const begin = await until(conn, '"pulls":1}\n\n');
    assertStringIncludes(begin, "content-type: text/event-stream");
    assertMatch(
      begin,
      /event: progress\ndata: \{"v":1,.*"pull":"1","event":"resolving"\}\n\nevent: current\n/,
    );
    pull.end("done");
    assertMatch(await until(conn, '"kept":0}\n\n'), /"event":"end","outcome":"done"/);
  });
});

Deno.test("a client that disconnects gets no more events, and close() ends the other streams", async () => {
  await withObserver(async ({ feed, connect, close }) => {
    const [first, second] = [await connect(), await connect()];
    for (const conn of [first, second]) {
      await conn.write(new TextEncoder().encode("GET /progress HTTP/1.1\r\n\r\n"));
      await until(conn, "event: current");
    }
    first.close();
    const pull = feed.begin("a:1");
    pull.onEvent({ kind: "resolving", name: "a:1" });
    await until(second, "resolving");
    pull.end("failed");
    await close();
    const rest = await new Response(second.readable).text().catch(() => "");
    assertEquals(rest.includes("resolving"), false);
  });
});

Deno.test("a client that doesn't read is disconnected, and others are served", async () => {
  await withObserver(async (kit) => {
    const { feed, connect } = kit;
    const idle = await connect();
    await idle.write(new TextEncoder().encode("GET /progress HTTP/1.1\r\n\r\n"));
    await until(idle, "event: current");
    const pull = feed.begin("a:1");
    // More than the buffers of a socket and the queue hold together.
    const message = "x".repeat(1 << 19);
    for (let i = 0; i < 40; i++) {
      pull.onEvent({ kind: "warning", message });
      await send(kit, "GET /metrics HTTP/1.1\r\n\r\n");
    }
    pull.end("done");
    const left = await new Response(idle.readable).text().catch(() => "");
    assertEquals(left.includes('"outcome":"done"'), false);
    assertMatch(await send(kit, "GET /metrics HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 200 /);
  });
});

Deno.test("requests of other web pages are refused, those of users and their tools aren't", async (t) => {
  const cases: readonly [head: readonly string[], status: number][] = [
    [[], 200],
    [["host: 127.0.0.1:9323"], 200],
    [["host: [::1]:9323"], 200],
    [["host: 10.1.2.3"], 200],
    [["host: localhost:9323"], 200],
    [["host: NODE1.test:9323"], 200],
    [["host: attacker.test:9323"], 403],
    [["host: 127.0.0.1.attacker.test"], 403],
    [["host: localhost.attacker.test"], 403],
    [["host: node1.test.attacker.test"], 403],
    [["host: localhost", "host: attacker.test"], 403],
    [["host: localhost", "origin: http://localhost"], 200],
    [["host: localhost", "origin: http://attacker.test"], 403],
    [["host: localhost", "origin: http://localhost:3000"], 403],
    [["host: localhost", "origin: null"], 403],
    [["host: localhost", "sec-fetch-site: none", "sec-fetch-mode: navigate"], 200],
    [["host: localhost", "sec-fetch-site: same-origin"], 200],
    [["host: localhost", "sec-fetch-site: cross-site", "sec-fetch-mode: no-cors"], 403],
    [["host: localhost", "sec-fetch-site: same-site", "sec-fetch-mode: cors"], 403],
    [[
      "host: localhost",
      "sec-fetch-site: cross-site",
      "sec-fetch-mode: navigate",
      "sec-fetch-dest: document",
    ], 200],
    [[
      "host: localhost",
      "sec-fetch-site: cross-site",
      "sec-fetch-mode: navigate",
      "sec-fetch-dest: iframe",
    ], 403],
  ];
  await withObserver(async (kit) => {
    for (const [head, status] of cases) {
      await t.step(head.join(", "), async () => {
        const lines = ["GET /metrics HTTP/1.1", ...head, "", ""];
        assertMatch(await send(kit, lines.join("\r\n")), new RegExp(`^HTTP/1\\.1 ${status} `));
      });
    }
  });
});

Deno.test("a Unix socket accepts every Host: no web page can reach it", async () => {
  const directory = await Deno.makeTempDir();
  const observer = new Observer({ feed: new ProgressFeed(), metrics: () => "m 1\n", onProblem: () => {} });
  const path = `${directory}/h.sock`;
  const serving = observer.serve(Deno.listen({ transport: "unix", path }));
  try {
    using conn = await Deno.connect({ transport: "unix", path });
    await conn.write(new TextEncoder().encode("GET /metrics HTTP/1.1\r\nhost: anything\r\n\r\n"));
    assertMatch(await new Response(conn.readable).text(), /^HTTP\/1\.1 200 /);
  } finally {
    await observer.close();
    await serving;
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("/metrics is served however many connections and streams a client opens", async (t) => {
  const limits = { connections: 4, streams: 2 };
  const metrics = "GET /metrics HTTP/1.1\r\n\r\n";
  await t.step("silent connections", () =>
    withObserver(async (kit) => {
      const silent = [];
      for (let i = 0; i < 10; i++) silent.push(await kit.connect());
      assertMatch(await send(kit, metrics), /^HTTP\/1\.1 200 /);
      for (const conn of silent) conn.close();
    }, limits));
  await t.step("streams", () =>
    withObserver(async (kit) => {
      const streams = [];
      for (let i = 0; i < 2; i++) {
        const conn = await kit.connect();
        await conn.write(new TextEncoder().encode("GET /progress HTTP/1.1\r\n\r\n"));
        await until(conn, "event: current");
        streams.push(conn);
      }
      assertMatch(await send(kit, "GET /progress HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 503 /);
      const silent = [];
      for (let i = 0; i < 5; i++) silent.push(await kit.connect());
      assertMatch(await send(kit, metrics), /^HTTP\/1\.1 200 /);
      // The streams are still open, and a place is free when one ends.
      const pull = kit.feed.begin("a:1");
      pull.onEvent({ kind: "resolving", name: "a:1" });
      for (const conn of streams) await until(conn, "resolving");
      streams.shift()?.close();
      for (;;) {
        const conn = await kit.connect();
        await conn.write(new TextEncoder().encode("GET /progress HTTP/1.1\r\n\r\n"));
        const begin = await until(conn, "\n\n").catch(() => "");
        conn.close();
        if (begin.includes("200 OK") || begin.includes("event-stream")) break;
      }
      pull.end("done");
      for (const conn of [...silent, ...streams]) conn.close();
    }, limits));
});

/** A connection whose client sends a request and doesn't read, and a promise for its end. */
function unreadConnection(request: string) {
  const { promise: closed, reject: end } = Promise.withResolvers<number>();
  closed.catch(() => {});
  let sent = false;
  const conn = {
    read(buffer: Uint8Array): Promise<number> {
      if (sent) return closed;
      sent = true;
      return Promise.resolve(new TextEncoder().encodeInto(request, buffer).written);
    },
    write: () => closed,
    close: () => end(new Deno.errors.BadResource("closed")),
  };
  return { conn: conn as unknown as Deno.Conn, closed };
}

Deno.test("a client that doesn't read is disconnected after the time limit, even if nothing is queued", async (t) => {
  for (const path of ["/metrics", "/progress"]) {
    await t.step(path, async () => {
      const { conn, closed } = unreadConnection(`GET ${path} HTTP/1.1\r\n\r\n`);
      const { promise: stopped, reject: stop } = Promise.withResolvers<Deno.Conn>();
      const accepted = [Promise.resolve(conn)];
      const listener = {
        addr: { transport: "tcp" },
        accept: () => accepted.pop() ?? stopped,
        close: () => stop(new Deno.errors.BadResource("closed")),
      } as unknown as Deno.Listener;
      const sources = { feed: new ProgressFeed(), metrics: () => "m 1\n", onProblem: () => {} };
      const observer = new Observer(sources, { writeStallMs: 20 });
      const serving = observer.serve(listener);
      await closed.catch(() => {});
      await observer.close();
      await serving;
    });
  }
});
