import { neverAborted } from "../../base/abort.ts";
import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { okText, serveRaw } from "./test_h1.ts";
import { rawRequest } from "./request.ts";
import { PipelinePool, PIPELINES_MAX } from "./pipelines.ts";
import { ConnectionPool } from "./pool.ts";

const never = neverAborted();

/** A server that seems far away. */
class FarPool extends ConnectionPool {
  override get latency(): number {
    return 50;
  }
}

function open(url: URL, Pool: typeof ConnectionPool = FarPool, timeout = 5_000) {
  const pool = new Pool({ url, caCerts: [] });
  const lanes = new PipelinePool(pool, timeout);
  const get = (path: string, signal = never, expected = 100) =>
    lanes.send(rawRequest({ method: "GET", url: new URL(path, url), headers: {} }, {}), expected, signal);
  return { get, [Symbol.dispose]: () => pool.close() };
}

const text = (response: { readonly body: Uint8Array } | undefined) =>
  response === undefined ? undefined : new TextDecoder().decode(response.body);

Deno.test("Each of many requests gets its own answer, over few connections", async (t) => {
  for (const Pool of [FarPool, ConnectionPool]) {
    await t.step(Pool.name, async () => {
      await using server = serveRaw(async (write, path) => {
        await write(okText(path));
        return true;
      });
      using lanes = open(server.url, Pool);
      const paths = Array.from({ length: 200 }, (_, i) => `/${i}`);
      assertEquals(await Promise.all(paths.map(async (path) => text(await lanes.get(path)))), paths);
      assert(server.asked.length <= PIPELINES_MAX);
    });
  }
});

Deno.test("Requests are lined up before the answer to the first one, where the way is long", async () => {
  const others = Promise.withResolvers<void>();
  let first: string | undefined;
  await using server = serveRaw(async (write, path, nth) => {
    // The second request of this connection is here only because it did not wait for the first one's answer.
    if (nth === 1 && first === undefined) first = path;
    if (nth === 2) others.resolve();
    await write(okText(path));
    return true;
  });
  using lanes = open(server.url);
  const answers = Promise.all(Array.from({ length: 100 }, (_, i) => lanes.get(`/${i}`)));
  await others.promise;
  assertEquals((await answers).filter((answer) => answer === undefined), []);
});

Deno.test("A connection that ends takes no request with it: each is answered or given back", async (t) => {
  for (
    const [name, ending] of [["between", ""], ["in a head", "HTTP/1.1 2"], [
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
      using lanes = open(server.url);
      const paths = Array.from({ length: 60 }, (_, i) => `/${i}`);
      const answers = await Promise.all(paths.map(async (path) => text(await lanes.get(path))));
      answers.forEach((answer, i) => assert(answer === undefined || answer === paths[i]));
    });
  }
});

Deno.test("A body much longer than expected is left to the ordinary way", async () => {
  await using server = serveRaw(async (write, path) => {
    await write(okText(path === "/long" ? "x".repeat(40_000) : path));
    return true;
  });
  using lanes = open(server.url);
  const [long, short] = await Promise.all([lanes.get("/long"), lanes.get("/short")]);
  assertEquals([long, text(short)], [undefined, "/short"]);
});

Deno.test("What is left of an answer that was passed on is never taken for the next one", async () => {
  await using server = serveRaw(async (write, path) => {
    if (path === "/long") {
      await write("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n");
      await write("x".repeat(20_000));
    } else await write(okText(path));
    return true;
  });
  using lanes = open(server.url);
  for (let i = 0; i < 10; i++) {
    assertEquals(await lanes.get("/long"), undefined);
    assertEquals(text(await lanes.get("/a")), "/a");
  }
});

Deno.test("No connection: the request is given back", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = new URL(`http://127.0.0.1:${listener.addr.port}/`);
  listener.close();
  using lanes = open(url);
  assertEquals(await lanes.get("/"), undefined);
});

Deno.test("Who aborts gets the reason; the others in line get their answers", async () => {
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await using server = serveRaw(async (write, path) => {
    if (path === "/17") asked.resolve();
    await gate.promise;
    await write(okText(path));
    return true;
  });
  using lanes = open(server.url);
  const reason = new Error("enough");
  const controller = new AbortController();
  const kept = Array.from({ length: 16 }, (_, i) => lanes.get(`/${i}`));
  const left = lanes.get("/16", controller.signal);
  controller.abort(reason);
  assertEquals(await assertRejects(() => left), reason);
  gate.resolve();
  assertEquals((await Promise.all(kept)).map(text), Array.from({ length: 16 }, (_, i) => `/${i}`));
});

Deno.test("Who aborts does so for all its requests, and for nobody else's", async () => {
  const gate = Promise.withResolvers<void>();
  await using server = serveRaw(async (write, path) => {
    await gate.promise;
    await write(okText(path));
    return true;
  });
  using lanes = open(server.url);
  const controller = new AbortController();
  const left = ["/a", "/b"].map((path) => lanes.get(path, controller.signal));
  const kept = lanes.get("/c");
  controller.abort(new Error("enough"));
  for (const one of left) assertEquals((await assertRejects(() => one) as Error).message, "enough");
  gate.resolve();
  assertEquals(text(await kept), "/c");
});

Deno.test("A connection that brings nothing is given up, and its requests are given back", async () => {
  const gate = Promise.withResolvers<void>();
  await using server = serveRaw(async () => {
    await gate.promise;
    return false;
  });
  using lanes = open(server.url, FarPool, 40);
  assertEquals(await lanes.get("/"), undefined);
  gate.resolve();
});

Deno.test("A body that nobody has read yet is not written over by the next one", async () => {
  await using server = serveRaw(async (write, path) => {
    await write(okText(path.repeat(50)));
    return true;
  });
  using lanes = open(server.url);
  const first = await lanes.get("/a");
  await Promise.all(Array.from({ length: 40 }, (_, i) => lanes.get(`/${i}`)));
  assertEquals(text(first), "/a".repeat(50));
});

Deno.test("A request that comes while its lane ends gets its own answer, and so does the next one", async () => {
  await using server = serveRaw(async (write, path) => {
    await write(okText(path));
    return true;
  });
  using lanes = open(server.url);
  // Whatever a lane does between its last answer and its end takes some turns: one of these hits each of them.
  for (let turns = 0; turns < 40; turns++) {
    assertEquals(text(await lanes.get(`/${turns}/a`)), `/${turns}/a`);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    const next = ["b", "c", "d"].map((name) => `/${turns}/${name}`);
    assertEquals(await Promise.all(next.map(async (path) => text(await lanes.get(path)))), next);
  }
});
