import { neverAborted } from "../../base/concurrency/abort.ts";
import { PIPELINE_CONNECTIONS_MAX } from "../../base/tuning.ts";
import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { testDeadline } from "../test_servers.ts";
import { okText, serveRaw } from "./test_h1.ts";
import { rawRequest } from "./request.ts";
import { PipelinePool } from "./pipelines.ts";
import { ConnectionPool } from "./pool.ts";

const never = neverAborted();

/** The pool of a server with a high latency. */
class SlowPool extends ConnectionPool {
  override get latency(): number {
    return 50;
  }
}

function open(url: URL, Pool: typeof ConnectionPool = SlowPool, timeout = 5_000) {
  const pool = new Pool({ url, caCerts: [] });
  const pipelines = new PipelinePool(pool, timeout);
  const get = (path: string, signal = never, expected = 100) =>
    pipelines.send(rawRequest({ method: "GET", url: new URL(path, url), headers: {} }, {}), expected, signal);
  return { get, depth: () => pipelines.depth, [Symbol.dispose]: () => pool.close() };
}

const text = (response: { readonly body: Uint8Array } | undefined | "timeout") =>
  typeof response === "object" ? new TextDecoder().decode(response.body) : response;

Deno.test("Each of many requests gets its own response, over few connections", async (t) => {
  for (const Pool of [SlowPool, ConnectionPool]) {
    await t.step(Pool.name, async () => {
      await using server = serveRaw(async (write, path) => {
        await write(okText(path));
        return true;
      });
      using pipelines = open(server.url, Pool);
      const paths = Array.from({ length: 200 }, (_, i) => `/${i}`);
      assertEquals(await Promise.all(paths.map(async (path) => text(await pipelines.get(path)))), paths);
      assert(server.requests.length <= PIPELINE_CONNECTIONS_MAX);
    });
  }
});

Deno.test("Requests are pipelined before the first response arrives if latency is high", async () => {
  const others = Promise.withResolvers<void>();
  let first: string | undefined;
  await using server = serveRaw(async (write, path, nth) => {
    // The second request of this connection can only arrive now if it was sent before the first response.
    if (nth === 1 && first === undefined) first = path;
    if (nth === 2) others.resolve();
    await write(okText(path));
    return true;
  });
  using pipelines = open(server.url);
  const responses = Promise.all(Array.from({ length: 100 }, (_, i) => pipelines.get(`/${i}`)));
  await others.promise;
  assertEquals((await responses).filter((response) => response === undefined), []);
});

Deno.test("After a connection ends, each request gets its own response or is returned", async (t) => {
  for (
    const [name, ending] of [["between responses", ""], ["in a head", "HTTP/1.1 2"], [
      "in a body",
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab",
    ]] as const
  ) {
    await t.step(name, async () => {
      await using server = serveRaw(async (write, path, nth) => {
        if (nth === 2) {
          await write(ending);
          return false;
        }
        await write(okText(path));
        return true;
      });
      using pipelines = open(server.url);
      const paths = Array.from({ length: 60 }, (_, i) => `/${i}`);
      const texts = await Promise.all(paths.map(async (path) => text(await pipelines.get(path))));
      texts.forEach((body, i) => assert(body === undefined || body === paths[i]));
    });
  }
});

Deno.test("A request with a body much longer than expected is returned, whatever its framing", async (t) => {
  const long = "x".repeat(40_000);
  const responses = {
    "a length": okText(long),
    chunks: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9c40\r\n${long}\r\n0\r\n\r\n`,
  };
  for (const [name, response] of Object.entries(responses)) {
    await t.step(name, async () => {
      await using server = serveRaw(async (write, path) => {
        await write(path === "/long" ? response : okText(path));
        return true;
      });
      using pipelines = open(server.url);
      const [declined, short] = await Promise.all([pipelines.get("/long"), pipelines.get("/short")]);
      assertEquals([declined, text(short)], [undefined, "/short"]);
    });
  }
});

Deno.test("The body of a declined response is never parsed as the next response", async () => {
  const next = Promise.withResolvers<void>();
  await using server = serveRaw(async (write, path) => {
    if (path === "/long") {
      await write("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n");
      await next.promise;
      await write(okText("evil"));
    } else await write(okText(path));
    return true;
  });
  using pipelines = open(server.url);
  assertEquals(await pipelines.get("/long"), undefined);
  // One turn of the event loop, after which the connection is closed or, wrongly, back in the pool.
  await new Promise((resolve) => setTimeout(resolve));
  const response = pipelines.get("/a");
  next.resolve();
  assertEquals(text(await response), "/a");
});

Deno.test("Pipelining ends after a connection with several pending requests fails", async () => {
  let closed = 0;
  await using server = serveRaw(async (write, path) => {
    // The limit ends a client that retries without end.
    if (path !== "/first" && closed++ < 1_000) return false;
    await write(okText(path));
    return true;
  });
  using pipelines = open(server.url);
  assertEquals(text(await pipelines.get("/first")), "/first");
  assert(pipelines.depth() > 1);
  const responses = await Promise.all(Array.from({ length: 100 }, (_, i) => pipelines.get(`/${i}`)));
  assertEquals(new Set(responses), new Set([undefined]));
  assertEquals(pipelines.depth(), 1);
});

Deno.test("A request is returned if no connection can be opened", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = new URL(`http://127.0.0.1:${listener.addr.port}/`);
  listener.close();
  using pipelines = open(url);
  assertEquals(await pipelines.get("/"), undefined);
});

Deno.test("An aborted request rejects with the reason; the others on its connection get their responses", async () => {
  const gate = Promise.withResolvers<void>();
  await using server = serveRaw(async (write, path) => {
    await gate.promise;
    await write(okText(path));
    return true;
  });
  using pipelines = open(server.url);
  const reason = new Error("enough");
  const controller = new AbortController();
  const others = Array.from({ length: 16 }, (_, i) => pipelines.get(`/${i}`));
  const aborted = pipelines.get("/16", controller.signal);
  controller.abort(reason);
  assertEquals(await assertRejects(() => aborted), reason);
  gate.resolve();
  assertEquals((await Promise.all(others)).map(text), Array.from({ length: 16 }, (_, i) => `/${i}`));
});

Deno.test("A signal aborts all of its requests and no others", async () => {
  const gate = Promise.withResolvers<void>();
  await using server = serveRaw(async (write, path) => {
    await gate.promise;
    await write(okText(path));
    return true;
  });
  using pipelines = open(server.url);
  const controller = new AbortController();
  const aborted = ["/a", "/b"].map((path) => pipelines.get(path, controller.signal));
  const other = pipelines.get("/c");
  controller.abort(new Error("enough"));
  for (const one of aborted) assertEquals((await assertRejects(() => one) as Error).message, "enough");
  gate.resolve();
  assertEquals(text(await other), "/c");
});

Deno.test("A silent connection is closed, and its oldest request times out", async () => {
  const gate = Promise.withResolvers<void>();
  await using server = serveRaw(async () => {
    await gate.promise;
    return false;
  });
  using pipelines = open(server.url, SlowPool, 40);
  using deadline = testDeadline();
  try {
    assertEquals(await pipelines.get("/", deadline.signal), "timeout");
  } finally {
    gate.resolve();
  }
});

Deno.test("An unread body isn't overwritten by the next response", async () => {
  await using server = serveRaw(async (write, path) => {
    await write(okText(path.repeat(50)));
    return true;
  });
  using pipelines = open(server.url);
  const first = await pipelines.get("/a");
  await Promise.all(Array.from({ length: 40 }, (_, i) => pipelines.get(`/${i}`)));
  assertEquals(text(first), "/a".repeat(50));
});

Deno.test("A request that arrives while its connection becomes idle gets its own response, as do the next ones", async () => {
  await using server = serveRaw(async (write, path) => {
    await write(okText(path));
    return true;
  });
  using pipelines = open(server.url);
  // A connection needs several microtasks from its last response to its end: cover each point in between.
  for (let turns = 0; turns < 40; turns++) {
    assertEquals(text(await pipelines.get(`/${turns}/a`)), `/${turns}/a`);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    const next = ["b", "c", "d"].map((name) => `/${turns}/${name}`);
    assertEquals(await Promise.all(next.map(async (path) => text(await pipelines.get(path)))), next);
  }
});
