import { assert, assertEquals } from "../../tests/assert.ts";
import type { Http2StreamHandler } from "./connection_streams.ts";
import { FrameType } from "./frame/frame.ts";
import { encodeHeaderBlock } from "./hpack/encoder.ts";
import type { Http2Limits } from "./frame/limits.ts";
import { Http2Server } from "./server.ts";
import { headersFrame, TestClient } from "./test_client.ts";

const OK_BLOCK = encodeHeaderBlock([[":status", "200"]]);

const answer: Http2StreamHandler = (stream) => {
  stream.sendHeaders(OK_BLOCK);
  stream.end();
  return { data() {}, aborted() {} };
};
const never: Http2StreamHandler = () => ({ data() {}, aborted() {} });

/** Serves on loopback for the time of the test. */
async function withServer(
  onStream: Http2StreamHandler,
  limits: Partial<Http2Limits>,
  test: (server: Http2Server, connect: () => Promise<TestClient>) => Promise<void>,
) {
  const server = new Http2Server({ onStream, limits });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const serving = server.serve(listener);
  try {
    await test(server, async () => new TestClient(await Deno.connect({ hostname: "127.0.0.1", port })));
  } finally {
    await server.shutdown(0);
    await serving;
  }
}

async function ask(client: TestClient): Promise<string | undefined> {
  await client.hello(headersFrame(1));
  return (await client.response(1)).headers.get(":status");
}

Deno.test("Http2Server goes on accepting after an accept has failed", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let failures = 2;
  const failing = new Proxy(listener, {
    get(target, key) {
      const value = Reflect.get(target, key, target);
      if (key === "accept" && failures-- > 0) return () => Promise.reject(new Error("Too many open files"));
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const errors: string[] = [];
  const server = new Http2Server({ onStream: answer, onError: (error) => errors.push(String(error)) });
  const serving = server.serve(failing);
  {
    using client = new TestClient(await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }));
    assertEquals(await ask(client), "200");
  }
  await server.shutdown(0);
  await serving;
  assertEquals(errors, ["Error: Too many open files", "Error: Too many open files"]);
});

Deno.test("Http2Server ends serving when its listener is closed by another", async () => {
  const server = new Http2Server({ onStream: answer });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = server.serve(listener);
  listener.close();
  await serving;
  assertEquals(await server.shutdown(0), "drained");
});

Deno.test("Http2Server gives the place of an idle connection to a new one", async () => {
  await withServer(answer, { maxConnections: 2 }, async (server, connect) => {
    using first = await connect();
    await ask(first);
    using second = await connect();
    await ask(second);
    using third = await connect();
    assertEquals(await ask(third), "200");
    await first.closed();
    assertEquals(server.connections, 2);
  });
});

Deno.test("Http2Server turns a new connection away when all others are busy", async () => {
  const { promise: opened, resolve } = Promise.withResolvers<void>();
  const onStream: Http2StreamHandler = (stream) => {
    resolve();
    return never(stream);
  };
  await withServer(onStream, { maxConnections: 1 }, async (server, connect) => {
    using busy = await connect();
    await busy.hello(headersFrame(1));
    await opened;
    using late = await connect();
    await late.closed();
    assertEquals(server.connections, 1);
  });
});

Deno.test("shutdown() says whether all calls were answered", async (t) => {
  await t.step("drained", () =>
    withServer(answer, {}, async (server, connect) => {
      using client = await connect();
      await ask(client);
      const ending = server.shutdown(60_000);
      const ping = await client.nextOf(FrameType.ping);
      assert(ping);
      await client.send(Uint8Array.of(0, 0, 8, 6, 1, 0, 0, 0, 0), ping.payload);
      assertEquals(await ending, "drained");
      await client.closed();
    }));
  await t.step("cut", () => {
    const { promise: opened, resolve } = Promise.withResolvers<void>();
    const onStream: Http2StreamHandler = (stream) => {
      resolve();
      return never(stream);
    };
    return withServer(onStream, {}, async (server, connect) => {
      using client = await connect();
      await client.hello(headersFrame(1));
      await opened;
      assertEquals(await server.shutdown(1), "cut");
      await client.closed();
    });
  });
});
