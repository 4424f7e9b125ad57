import { assert, assertEquals } from "../../tests/assert.ts";
import { encodeFrame, encodeResetStream, FrameType } from "../http2/frame/frame.ts";
import { dataFrame, NOTHING, settingFrame, type TestClient } from "../http2/test_client.ts";
import type { Inflate } from "./call/call_context.ts";
import { callFrame, framed, resultOf, withService } from "./test_caller.ts";
import { type BidiStreamMethod, type Codec, type Method, type MethodTable, unary } from "./wire/method.ts";

const RESOURCE_EXHAUSTED = 8;
const PING = encodeFrame(FrameType.ping, 0, 0, new Uint8Array(8));

const BYTES: Codec<Uint8Array, Uint8Array> = { decode: (bytes) => bytes.slice(), encode: (bytes) => bytes };
const LENGTH = unary(BYTES, (bytes) => Uint8Array.of(bytes.length % 256));
const METHODS: MethodTable = new Map([["/t.T/Length", LENGTH]]);

/** Waits until the server has processed the frames that were sent. */
async function processed(client: TestClient): Promise<void> {
  await client.send(PING);
  assert(await client.nextOf(FrameType.ping));
}

Deno.test("when memory for incomplete requests runs out, the oldest fails, and newer ones are served", async () => {
  const limits = { bufferedRequestBytes: 4500 };
  await withService({ methods: METHODS, limits }, async ({ connect }) => {
    using attacker = await connect();
    using honest = await connect();
    const half = framed(new Uint8Array(1500)).subarray(0, 1400);
    const open = (client: TestClient, id: number) =>
      client.send(callFrame(id, "/t.T/Length"), dataFrame(id, half, "body follows"));
    await open(attacker, 1);
    await open(attacker, 3);
    await open(attacker, 5);
    await processed(attacker);
    await open(honest, 1);
    assertEquals((await resultOf(attacker, 1)).code, RESOURCE_EXHAUSTED);
    await honest.send(dataFrame(1, new Uint8Array(105)));
    assertEquals((await resultOf(honest, 1)).code, 0);
    // The memory was released: the remaining request can be completed, too.
    await attacker.send(dataFrame(5, new Uint8Array(105)));
    assertEquals((await resultOf(attacker, 5)).code, 0);
  });
});

Deno.test("the oldest incomplete request doesn't displace newer ones when it grows", async () => {
  const limits = { bufferedRequestBytes: 8000 };
  await withService({ methods: METHODS, limits }, async ({ connect }) => {
    using attacker = await connect();
    using honest = await connect();
    const large = framed(new Uint8Array(5000));
    await attacker.send(callFrame(1, "/t.T/Length"), dataFrame(1, large.subarray(0, 2000), "body follows"));
    await processed(attacker);
    await honest.send(callFrame(1, "/t.T/Length"), dataFrame(1, large.subarray(0, 2000), "body follows"));
    await processed(honest);
    await attacker.send(dataFrame(1, large.subarray(2000, 4500), "body follows"));
    assertEquals((await resultOf(attacker, 1)).code, RESOURCE_EXHAUSTED);
    await honest.send(dataFrame(1, large.subarray(2000)));
    assertEquals((await resultOf(honest, 1)).code, 0);
  });
});

Deno.test("requests that wait for a client that doesn't read don't prevent those of others", async () => {
  const big = unary(BYTES, () => new Uint8Array(1000));
  const options = {
    methods: new Map<string, Method>([...METHODS, ["/t.T/Big", big]]),
    limits: { bufferedRequestBytes: 3000 },
    http2: { queuedResponseBytes: 500 },
  };
  await withService(options, async ({ connect }) => {
    using attacker = await connect();
    await attacker.send(settingFrame(4, 0));
    const request = framed(new Uint8Array(1000));
    for (const id of [1, 3, 5]) await attacker.send(callFrame(id, "/t.T/Big"), dataFrame(id, request));
    await processed(attacker);
    using honest = await connect();
    const [first, rest] = [request.subarray(0, 900), request.subarray(900)];
    await honest.send(callFrame(1, "/t.T/Length"), dataFrame(1, first, "body follows"));
    await processed(honest);
    await honest.send(dataFrame(1, rest));
    assertEquals((await resultOf(honest, 1)).code, 0);
    assertEquals((await resultOf(attacker, 3)).code, RESOURCE_EXHAUSTED);
    // Stream 1 waits only for its window.
    await attacker.send(encodeResetStream(1, 8));
  });
});

Deno.test("requests are decompressed one at a time, and only when their responses can be sent", async () => {
  let running = 0;
  let most = 0;
  const inflate: Inflate = async (bytes) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running--;
    return bytes;
  };
  const bidi: BidiStreamMethod = { kind: "bidi_stream", respond: (bytes) => bytes };
  const methods = new Map<string, Method>([...METHODS, ["/t.T/Echo", bidi]]);
  await withService({ methods, inflate }, async ({ connect }) => {
    using client = await connect();
    const compressed = dataFrameOf(framed(NOTHING, 1));
    for (let id = 1; id < 20; id += 4) {
      await client.send(callFrame(id, "/t.T/Length", ["grpc-encoding", "gzip"]), compressed(id));
      await client.send(callFrame(id + 2, "/t.T/Echo", ["grpc-encoding", "gzip"]), compressed(id + 2));
    }
    assertEquals((await resultOf(client, 17)).code, 0);
    assertEquals((await resultOf(client, 19)).code, 0);
    assertEquals(most, 1);
  });
});

function dataFrameOf(bytes: Uint8Array): (id: number) => Uint8Array {
  return (id) => dataFrame(id, bytes);
}
