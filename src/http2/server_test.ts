import { assert, assertEquals } from "../../tests/assert.ts";
import type { Http2StreamHandler } from "./connection_streams.ts";
import { encodeFrame, FrameType, PREFACE } from "./frame/frame.ts";
import { encodeHeaderBlock } from "./hpack/encoder.ts";
import type { Http2Limits } from "./frame/limits.ts";
import { Http2Server } from "./server.ts";
import { H2Code } from "./frame/protocol_error.ts";
import type { HeaderField } from "./hpack/static_table.ts";
import { dataFrame, EMPTY_SETTINGS, GET_FIELDS, headersFrame, TestClient } from "./test_client.ts";

const PING = encodeFrame(FrameType.ping, 0, 0, new Uint8Array(8));
const OK_BLOCK = encodeHeaderBlock([[":status", "200"]]);

const respond: Http2StreamHandler = (stream) => {
  stream.sendHeaders(OK_BLOCK);
  stream.end();
  return { data() {}, aborted() {} };
};
const respondAtEnd: Http2StreamHandler = (stream) => ({
  data(_bytes, last) {
    if (last) respond(stream);
  },
  aborted() {},
});
const never: Http2StreamHandler = () => ({ data() {}, aborted() {} });

/** Serves on loopback during the test. */
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

async function request(client: TestClient): Promise<string | undefined> {
  await client.hello(headersFrame(1));
  return (await client.response(1)).headers.get(":status");
}

Deno.test("Http2Server continues to accept after a failed accept", async () => {
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
  const server = new Http2Server({ onStream: respond, onError: (error) => errors.push(String(error)) });
  const serving = server.serve(failing);
  {
    using client = new TestClient(await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }));
    assertEquals(await request(client), "200");
  }
  await server.shutdown(0);
  await serving;
  assertEquals(errors, ["Error: Too many open files", "Error: Too many open files"]);
});

Deno.test("Http2Server.serve() ends when the caller closes the listener", async () => {
  const server = new Http2Server({ onStream: respond });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = server.serve(listener);
  listener.close();
  await serving;
  assertEquals(await server.shutdown(0), "drained");
});

Deno.test("Http2Server replaces an idle connection by a new one at the limit", async () => {
  await withServer(respond, { maxConnections: 2 }, async (server, connect) => {
    using first = await connect();
    await request(first);
    using second = await connect();
    await request(second);
    using third = await connect();
    assertEquals(await request(third), "200");
    await first.closed();
    assertEquals(server.connections, 2);
  });
});

Deno.test("silent connections and incomplete requests don't prevent other clients from connecting", async (t) => {
  const open = headersFrame(1, GET_FIELDS, "body follows");
  const attacks: [name: string, sent: readonly Uint8Array[]][] = [
    ["nothing is sent", []],
    ["a part of the preface", [PREFACE.subarray(0, 10)]],
    ["no SETTINGS", [PREFACE]],
    ["incomplete requests", [PREFACE, EMPTY_SETTINGS, open]],
    ["garbage after the preface", [PREFACE, new Uint8Array(20)]],
  ];
  for (const [name, sent] of attacks) {
    await t.step(
      name,
      () =>
        withServer(respondAtEnd, { maxConnections: 2, lingerMs: 60_000 }, async (server, connect) => {
          const attackers: TestClient[] = [];
          for (let i = 0; i < 5; i++) {
            const attacker = await connect();
            await attacker.send(...sent);
            if (sent.includes(open)) {
              await attacker.send(PING);
              await attacker.nextOf(FrameType.ping);
            }
            attackers.push(attacker);
          }
          using honest = await connect();
          assertEquals(await request(honest), "200");
          assert(server.connections <= 2);
          for (const attacker of attackers) attacker[Symbol.dispose]();
        }),
    );
  }
  await t.step(
    "accepted: a request that is completed later, while there are idle connections",
    () =>
      withServer(respondAtEnd, { maxConnections: 2 }, async (_server, connect) => {
        using slow = await connect();
        await slow.hello(open, PING);
        await slow.nextOf(FrameType.ping);
        for (let i = 0; i < 3; i++) {
          using client = await connect();
          assertEquals(await request(client), "200");
        }
        await slow.send(dataFrame(1, new Uint8Array(1)));
        assertEquals((await slow.response(1)).headers.get(":status"), "200");
      }),
  );
});

Deno.test("requests of all connections are limited: the oldest incomplete one is reset for a new one", async (t) => {
  const large: HeaderField[] = [...GET_FIELDS, ["large", "x".repeat(900)]];
  const cases: [name: string, limits: Partial<Http2Limits>, fields: readonly HeaderField[]][] = [
    ["streams", { allStreams: 3 }, GET_FIELDS],
    ["header bytes", { allHeaderBytes: 4000 }, large],
  ];
  for (const [name, limits, fields] of cases) {
    await t.step(name, () =>
      withServer(respondAtEnd, limits, async (_server, connect) => {
        using attacker = await connect();
        await attacker.hello(...[1, 3, 5].map((id) => headersFrame(id, fields, "body follows")), PING);
        await attacker.nextOf(FrameType.ping);
        using honest = await connect();
        await honest.hello(headersFrame(1, fields, "body follows"), dataFrame(1, new Uint8Array(1)));
        assertEquals((await honest.response(1)).headers.get(":status"), "200");
        assertEquals(await attacker.resetCode(1), H2Code.enhanceYourCalm);
        await attacker.send(dataFrame(3, new Uint8Array(1)));
        assertEquals((await attacker.response(3)).headers.get(":status"), "200");
      }));
  }
  await t.step("complete requests aren't reset; the guaranteed requests of a connection are served", () => {
    let opened = 0;
    const onStream: Http2StreamHandler = (stream) => (++opened > 3 ? respond : never)(stream);
    return withServer(onStream, { allStreams: 2, guaranteedStreams: 2 }, async (_server, connect) => {
      using busy = await connect();
      await busy.hello(headersFrame(1), headersFrame(3), headersFrame(5));
      assertEquals(await busy.resetCode(5), H2Code.refusedStream);
      using other = await connect();
      await other.hello(headersFrame(1), headersFrame(3));
      assertEquals((await other.response(3)).headers.get(":status"), "200");
      assertEquals(await busy.resetCode(1), undefined);
    });
  });
});

Deno.test("Http2Server closes a new connection at the limit if all others are busy", async () => {
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

Deno.test("shutdown() reports whether all requests were completed", async (t) => {
  await t.step("drained", () =>
    withServer(respond, {}, async (server, connect) => {
      using client = await connect();
      await request(client);
      const ending = server.shutdown(60_000);
      const ping = await client.nextOf(FrameType.ping);
      assert(ping);
      await client.send(Uint8Array.of(0, 0, 8, 6, 1, 0, 0, 0, 0), ping.payload);
      assertEquals(await ending, "drained");
      await client.closed();
    }));
  await t.step("aborted", () => {
    const { promise: opened, resolve } = Promise.withResolvers<void>();
    const onStream: Http2StreamHandler = (stream) => {
      resolve();
      return never(stream);
    };
    return withServer(onStream, {}, async (server, connect) => {
      using client = await connect();
      await client.hello(headersFrame(1));
      await opened;
      assertEquals(await server.shutdown(1), "aborted");
      await client.closed();
    });
  });
});

Deno.test("disposing Http2Server closes its listeners and connections", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using client = new TestClient(await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }));
  let serving: Promise<void> | undefined;
  {
    await using server = new Http2Server({ onStream: respond });
    serving = server.serve(listener);
    assertEquals(await request(client), "200");
  }
  await serving;
  await client.closed();
});
