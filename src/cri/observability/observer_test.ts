import { assertEquals, assertMatch, assertStringIncludes } from "../../../tests/assert.ts";
import { Observer } from "./observer.ts";
import { ProgressFeed } from "../pulls/progress_feed.ts";

interface Kit {
  readonly feed: ProgressFeed;
  readonly connect: () => Promise<Deno.Conn>;
  readonly close: () => Promise<void>;
}

async function withObserver(test: (kit: Kit) => Promise<void>): Promise<void> {
  const feed = new ProgressFeed();
  const observer = new Observer({ feed, metrics: () => "figures 1\n", onProblem: () => {} });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const serving = observer.serve(listener);
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
    ["GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n", /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nfigures 1\n$/],
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
