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

/** Responds with the body of the request. */
const echo: Http2StreamHandler = (stream) => ({
  data(bytes, last) {
    if (bytes.length > 0) stream.write(bytes.slice());
    if (!last) return;
    stream.sendHeaders(OK_BLOCK);
    stream.end(TRAILER_BLOCK);
  },
  aborted() {},
});

/** Leaves requests open, and records how they end. */
function openStreams() {
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

Deno.test("a response has headers, body and trailers", async () => {
  await withPair(echo, {}, async ({ client, connection }) => {
    await client.hello(headersFrame(1, GET_FIELDS, "body follows"), dataFrame(1, Uint8Array.of(1, 2, 3)));
    const response = await client.response(1);
    assertEquals(response.headers.get(":status"), "200");
    assertEquals([...response.body], [1, 2, 3]);
    assertEquals(response.trailers.get("done"), "yes");
    assertEquals(connection.streams.open.size, 0);
  });
});

Deno.test("frames with padding, and a header block in two frames, are read byte by byte", async () => {
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

Deno.test("a body larger than the windows is received, because they are refilled", async () => {
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

Deno.test("a body above the stream's window resets only the stream", async () => {
  const chunk = new Uint8Array(16_384);
  const body = () => dataFrame(1, chunk, "body follows");
  await withPair(openStreams().onStream, { streamWindowBytes: 20_000 }, async ({ client, connection }) => {
    // Each chunk uses more than half of the window, which is refilled before the next chunk.
    await client.hello(headersFrame(1, GET_FIELDS, "body follows"), body(), body(), body());
    assertEquals(await client.resetCode(1), undefined);
    assertEquals(connection.streams.open.size, 1);
  });
  await withPair(openStreams().onStream, { streamWindowBytes: 10_000 }, async ({ client, errors }) => {
    await client.hello(headersFrame(1, GET_FIELDS, "body follows"), body());
    assertEquals(await client.resetCode(1), H2Code.flowControlError);
    assertEquals(errors, []);
  });
});

Deno.test("a body above the connection's window ends the connection", async () => {
  // A connection starts with 65,535 bytes. This window is so small that it isn't refilled before they are used up.
  const limits = { connectionWindowBytes: 10_000 };
  const body = (bytes: number) => dataFrame(1, new Uint8Array(bytes), "body follows");
  const head = [headersFrame(1, GET_FIELDS, "body follows"), body(16_384), body(16_384), body(16_384)];
  await withPair(openStreams().onStream, limits, async ({ client, errors }) => {
    await client.hello(...head, body(16_383));
    assertEquals(await client.goAwayCode(), undefined);
    assertEquals(errors, []);
  });
  await withPair(openStreams().onStream, limits, async ({ client }) => {
    await client.hello(...head, body(16_384));
    assertEquals(await client.goAwayCode(), H2Code.flowControlError);
  });
});

Deno.test("a response waits for the client's window, and continues when it opens", async () => {
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

Deno.test("write() and drained() make a fast writer wait until the client reads", async () => {
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

Deno.test("a reset by the client aborts only its stream", async () => {
  const { onStream, streams, aborted } = openStreams();
  await withPair(onStream, {}, async ({ client }) => {
    await client.hello(headersFrame(1), headersFrame(3), encodeResetStream(1, H2Code.cancel));
    assertEquals((await aborted).code, "cancelled");
    assertEquals(streams.map((stream) => stream.closed), [true, false]);
  });
});

Deno.test("a lost connection aborts all its streams", async () => {
  const { onStream, reasons, opened } = openStreams();
  await withPair(onStream, {}, async ({ client, connection }) => {
    await client.hello(headersFrame(1), headersFrame(3));
    await opened;
    await client.conn.closeWrite();
    await client.closed();
    assertEquals(reasons.map((reason) => reason.code), ["cancelled", "cancelled"]);
    assertEquals(connection.streams.open.size, 0);
  });
});

Deno.test("a response before the request's end resets the stream, and later DATA is ignored", async () => {
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

Deno.test("an exception of a handler or sink resets only its stream", async () => {
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

Deno.test("shutdown() serves running requests and those already sent, then closes", async () => {
  const { onStream, streams, opened } = openStreams();
  await withPair(onStream, {}, async ({ client, connection }) => {
    await client.hello(headersFrame(1));
    await opened;
    connection.shutdown();
    const first = await client.nextOf(FrameType.goAway);
    assertEquals(first?.payload.subarray(0, 4), Uint8Array.of(0x7f, 0xff, 0xff, 0xff));
    const ping = await client.nextOf(FrameType.ping);
    // The client sent stream 3 before it read the GOAWAY; stream 5 is too late.
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

Deno.test("connections that don't speak HTTP/2 are closed", async (t) => {
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const cases: [name: string, sent: Uint8Array, want: RegExp][] = [
    ["HTTP/1.1", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), /^HTTP\/1\.1 505 /],
    ["a TLS hello", Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3), /^$/],
    ["a preface with one wrong byte", new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r!"), /^$/],
    ["zeros", new Uint8Array(100), /^$/],
  ];
  for (const [name, sent, want] of cases) {
    await t.step(name, () =>
      withPair(echo, {}, async ({ client }) => {
        await client.send(sent);
        const buffer = new Uint8Array(1000);
        const n = await client.conn.read(buffer).catch(() => null);
        assertMatch(decode(buffer.subarray(0, n ?? 0)), want);
      }));
  }
});
