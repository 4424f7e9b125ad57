import { assert, assertEquals, assertMatch } from "../../tests/assert.ts";
import type { AppError } from "../base/errors.ts";
import type { Http2StreamHandler } from "./connection_streams.ts";
import { encodeFrame, encodeResetStream, encodeWindowUpdate, FrameFlag, FrameType } from "./frame/frame.ts";
import { encodeHeaderBlock } from "./hpack/encoder.ts";
import { H2Code } from "./frame/protocol_error.ts";
import type { Http2Stream } from "./stream/stream.ts";
import { dataFrame, GET_FIELDS, headersFrame, NOTHING, settingFrame, withPair } from "./test_client.ts";

const OK_BLOCK = encodeHeaderBlock([[":status", "200"]]);
const TRAILER_BLOCK = encodeHeaderBlock([["done", "yes"]]);

/** Sends the request's body back. */
const echo: Http2StreamHandler = (stream) => ({
  data(bytes, last) {
    if (bytes.length > 0) stream.write(bytes.slice());
    if (!last) return;
    stream.sendHeaders(OK_BLOCK);
    stream.end(TRAILER_BLOCK);
  },
  aborted() {},
});

/** Keeps requests open, and says how they end. */
function holding() {
  const streams: Http2Stream[] = [];
  const reasons: AppError[] = [];
  const { promise: opened, resolve: open } = Promise.withResolvers<Http2Stream>();
  const { promise: aborted, resolve: abort } = Promise.withResolvers<AppError>();
  const onStream: Http2StreamHandler = (stream) => {
    streams.push(stream);
    open(stream);
    return {
      data() {},
      aborted(reason) {
        reasons.push(reason);
        abort(reason);
      },
    };
  };
  return { onStream, streams, reasons, opened, aborted };
}

Deno.test("a request is answered with headers, body and trailers", async () => {
  await withPair(echo, {}, async ({ client, connection }) => {
    await client.hello(headersFrame(1, GET_FIELDS, "body follows"), dataFrame(1, Uint8Array.of(1, 2, 3)));
    const response = await client.response(1);
    assertEquals(response.headers.get(":status"), "200");
    assertEquals([...response.body], [1, 2, 3]);
    assertEquals(response.trailers.get("done"), "yes");
    assertEquals(connection.streams.open.size, 0);
  });
});

Deno.test("frames that arrive byte by byte, padded, and in pieces of a block are read", async () => {
  await withPair(echo, {}, async ({ client }) => {
    const block = encodeHeaderBlock(GET_FIELDS);
    const padded = Uint8Array.of(2, 0, 0, 0, 0, 9, ...block.subarray(0, 4), 0, 0);
    const flags = FrameFlag.padded | FrameFlag.priority;
    await client.hello();
    const frames = [
      encodeFrame(FrameType.headers, flags, 1, padded),
      encodeFrame(FrameType.continuation, FrameFlag.endHeaders, 1, block.subarray(4)),
      encodeFrame(FrameType.data, FrameFlag.padded | FrameFlag.endStream, 1, Uint8Array.of(1, 7, 0)),
    ];
    for (const frame of frames) for (const byte of frame) await client.send(Uint8Array.of(byte));
    assertEquals([...(await client.response(1)).body], [7]);
  });
});

Deno.test("a body larger than the windows is taken in, since they are given back", async () => {
  await withPair(echo, { streamWindowBytes: 65_535, connectionWindowBytes: 65_535 }, async ({ client }) => {
    const chunk = new Uint8Array(16_384).fill(5);
    let window = 65_535;
    await client.hello(settingFrame(4, 2 ** 30), encodeWindowUpdate(0, 2 ** 30));
    await client.send(headersFrame(1, GET_FIELDS, "body follows"));
    for (let sent = 0; sent < 40; sent++) {
      while (window < chunk.length) {
        const update = await client.nextOf(FrameType.windowUpdate, 1);
        assert(update);
        window += new DataView(update.payload.buffer).getUint32(0);
      }
      await client.send(dataFrame(1, chunk, sent === 39 ? "ends" : "body follows"));
      window -= chunk.length;
    }
    assertEquals((await client.response(1)).headers.get(":status"), "200");
  });
});

Deno.test("a body beyond the stream's window costs the stream, beyond the connection's the connection", async () => {
  const chunk = new Uint8Array(16_384);
  const limits = { streamWindowBytes: 20_000, connectionWindowBytes: 65_535 };
  await withPair(holding().onStream, limits, async ({ client, errors }) => {
    await client.hello(headersFrame(1, GET_FIELDS, "body follows"), headersFrame(3));
    await client.send(...Array.from({ length: 2 }, () => dataFrame(1, chunk, "body follows")));
    // Half of 20,000 is used by the first: it was given back, so the second fits.
    await client.send(dataFrame(1, chunk, "body follows"), dataFrame(1, chunk, "body follows"));
    assertEquals(errors, []);
  });
  await withPair(holding().onStream, { ...limits, streamWindowBytes: 10_000 }, async ({ client }) => {
    await client.hello(headersFrame(1, GET_FIELDS, "body follows"), dataFrame(1, chunk, "body follows"));
    assertEquals(await client.resetCode(1), H2Code.flowControlError);
  });
});

Deno.test("an answer waits for the client's window, and goes on when it opens", async () => {
  const onStream: Http2StreamHandler = (stream) => {
    stream.sendHeaders(OK_BLOCK);
    stream.write(new Uint8Array(100));
    stream.end();
    return { data() {}, aborted() {} };
  };
  await withPair(onStream, {}, async ({ client }) => {
    await client.hello(
      settingFrame(4, 0),
      headersFrame(1),
      encodeFrame(FrameType.ping, 0, 0, new Uint8Array(8)),
    );
    const before = [];
    for (
      let frame = await client.next();
      frame && frame.type !== FrameType.ping;
      frame = await client.next()
    ) {
      before.push(frame.type);
    }
    assert(!before.includes(FrameType.data));
    await client.send(encodeWindowUpdate(1, 60));
    assertEquals((await client.nextOf(FrameType.data))?.payload.length, 60);
    await client.send(settingFrame(4, 1000));
    const last = await client.nextOf(FrameType.data);
    assertEquals([last?.payload.length, last?.flags], [40, FrameFlag.endStream]);
  });
});

Deno.test("a writer that fills a stream is told to wait, and goes on when the client reads", async () => {
  const { promise: finished, resolve } = Promise.withResolvers<number>();
  const onStream: Http2StreamHandler = (stream) => {
    const writeAll = async () => {
      let waits = 0;
      stream.sendHeaders(OK_BLOCK);
      for (let i = 0; i < 10; i++) {
        if (stream.write(new Uint8Array(65_536))) continue;
        waits++;
        await stream.drained();
      }
      stream.end();
      resolve(waits);
    };
    writeAll();
    return { data() {}, aborted() {} };
  };
  await withPair(onStream, {}, async ({ client }) => {
    await client.hello(settingFrame(4, 2 ** 30), headersFrame(1));
    await client.send(encodeWindowUpdate(0, 2 ** 30));
    assertEquals((await client.response(1)).body.length, 655_360);
    assertEquals(await finished, 10);
  });
});

Deno.test("a reset by the client aborts its stream alone", async () => {
  const { onStream, streams, aborted } = holding();
  await withPair(onStream, {}, async ({ client }) => {
    await client.hello(headersFrame(1), headersFrame(3), encodeResetStream(1, H2Code.cancel));
    assertEquals((await aborted).code, "cancelled");
    assertEquals(streams.map((stream) => stream.closed), [true, false]);
  });
});

Deno.test("a lost connection aborts all its streams", async () => {
  const { onStream, reasons, opened } = holding();
  await withPair(onStream, {}, async ({ client, connection }) => {
    await client.hello(headersFrame(1), headersFrame(3));
    await opened;
    await client.conn.closeWrite();
    await client.closed();
    assertEquals(reasons.map((reason) => reason.code), ["cancelled", "cancelled"]);
    assertEquals(connection.streams.open.size, 0);
  });
});

Deno.test("an answer before the request's end tells the client to stop, and what follows is ignored", async () => {
  const onStream: Http2StreamHandler = (stream) => {
    stream.sendHeaders(OK_BLOCK);
    stream.end();
    return { data() {}, aborted() {} };
  };
  await withPair(onStream, {}, async ({ client, errors }) => {
    await client.hello(headersFrame(1, GET_FIELDS, "body follows"));
    assertEquals((await client.response(1)).headers.get(":status"), "200");
    assertEquals(await client.resetCode(1), H2Code.noError);
    await client.send(dataFrame(1, Uint8Array.of(1)), headersFrame(3));
    assertEquals((await client.response(3)).headers.get(":status"), "200");
    assertEquals(errors, []);
  });
});

Deno.test("a handler or sink that throws costs only its stream", async () => {
  const onStream: Http2StreamHandler = (stream) => {
    if (stream.id === 1) throw new RangeError("handler");
    if (stream.id > 3) return echo(stream);
    return {
      data() {
        throw new RangeError("sink");
      },
      aborted() {},
    };
  };
  await withPair(onStream, {}, async ({ client, errors }) => {
    await client.hello(headersFrame(1), headersFrame(3), headersFrame(5));
    assertEquals(await client.resetCode(1), H2Code.internalError);
    assertEquals(await client.resetCode(3), H2Code.internalError);
    assertEquals((await client.response(5)).headers.get(":status"), "200");
    assertEquals(errors.map(String), ["RangeError: handler", "RangeError: sink"]);
  });
});

Deno.test("shutdown() serves what is under way and what was already sent, then closes", async () => {
  const { onStream, streams, opened } = holding();
  await withPair(onStream, {}, async ({ client, connection }) => {
    await client.hello(headersFrame(1));
    await opened;
    connection.shutdown();
    const first = await client.nextOf(FrameType.goAway);
    assertEquals(first?.payload.subarray(0, 4), Uint8Array.of(0x7f, 0xff, 0xff, 0xff));
    const ping = await client.nextOf(FrameType.ping);
    // The client had sent stream 3 before it read the GOAWAY; 5 comes too late.
    await client.send(
      headersFrame(3),
      encodeFrame(FrameType.ping, FrameFlag.ack, 0, ping?.payload ?? NOTHING),
    );
    const second = await client.nextOf(FrameType.goAway);
    assertEquals(second?.payload[3], 3);
    await client.send(headersFrame(5));
    for (const stream of streams) {
      stream.sendHeaders(OK_BLOCK);
      stream.end();
    }
    assertEquals((await client.response(3)).headers.get(":status"), "200");
    await client.closed();
    assertEquals(streams.map((stream) => stream.id), [1, 3]);
  });
});

Deno.test("what is not HTTP/2 is turned away", async (t) => {
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const cases: [name: string, sent: Uint8Array, answer: RegExp][] = [
    ["HTTP/1.1", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), /^HTTP\/1\.1 505 /],
    ["a TLS hello", Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3), /^$/],
    ["a preface with one wrong byte", new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r!"), /^$/],
    ["zeros", new Uint8Array(100), /^$/],
  ];
  for (const [name, sent, answer] of cases) {
    await t.step(name, () =>
      withPair(echo, {}, async ({ client }) => {
        await client.send(sent);
        const buffer = new Uint8Array(1000);
        const n = await client.conn.read(buffer).catch(() => null);
        assertMatch(decode(buffer.subarray(0, n ?? 0)), answer);
      }));
  }
});
