import { assert, assertEquals } from "../../tests/assert.ts";
import type { Http2StreamHandler } from "./connection_streams.ts";
import {
  encodeFrame,
  encodeResetStream,
  encodeWindowUpdate,
  FrameFlag,
  FrameType,
  PREFACE,
} from "./frame/frame.ts";
import { encodeHeaderBlock } from "./hpack/encoder.ts";
import { H2Code, h2CodeOf } from "./frame/protocol_error.ts";
import type { Http2Stream } from "./stream/stream.ts";
import {
  dataFrame,
  EMPTY_SETTINGS,
  GET_FIELDS,
  headersFrame,
  NOTHING,
  settingFrame,
  withPair,
} from "./test_client.ts";

const OK_BLOCK = encodeHeaderBlock([[":status", "200"]]);
const PING = encodeFrame(FrameType.ping, 0, 0, new Uint8Array(8));

/** Responds at the end of the request, with a body of `bytes`. */
function respondWith(bytes = 0): Http2StreamHandler {
  return (stream: Http2Stream) => ({
    data(_bytes, last) {
      if (!last) return;
      stream.sendHeaders(OK_BLOCK);
      if (bytes > 0) stream.write(new Uint8Array(bytes));
      stream.end();
    },
    aborted() {},
  });
}

const later = (ms: number) => performance.now() + ms;
const times = (count: number, make: (i: number) => Uint8Array) =>
  Array.from({ length: count }, (_, i) => make(i));

Deno.test("rapid reset ends the connection; the allowed number of resets doesn't", async () => {
  const resets = { burst: 10, perSecond: 0.001 };
  const pairs = (count: number) =>
    times(count, (i) => headersFrame(2 * i + 1, GET_FIELDS, "body follows")).flatMap((open, i) => [
      open,
      encodeResetStream(2 * i + 1, H2Code.cancel),
    ]);
  await withPair(respondWith(), { resets }, async ({ client, errors }) => {
    await client.hello(...pairs(11));
    assertEquals(await client.goAwayCode(), H2Code.enhanceYourCalm);
    assertEquals(h2CodeOf(errors[0]), H2Code.enhanceYourCalm);
  });
  await withPair(respondWith(), { resets }, async ({ client }) => {
    await client.hello(...pairs(10), headersFrame(101));
    assertEquals((await client.response(101)).headers.get(":status"), "200");
  });
});

Deno.test("stream errors that make the server reset streams count as rapid reset", async () => {
  await withPair(respondWith(), { resets: { burst: 5, perSecond: 0.001 } }, async ({ client }) => {
    const faults = times(6, (i) => encodeWindowUpdate(2 * i + 1, 0));
    await client.hello(...times(6, (i) => headersFrame(2 * i + 1, GET_FIELDS, "body follows")), ...faults);
    assertEquals(await client.goAwayCode(), H2Code.enhanceYourCalm);
  });
});

Deno.test("a CONTINUATION flood ends the connection; a block in a few frames doesn't", async () => {
  const block = encodeHeaderBlock(GET_FIELDS);
  const start = encodeFrame(FrameType.headers, FrameFlag.endStream, 1, block);
  const piece = encodeFrame(FrameType.continuation, 0, 1, NOTHING);
  const end = encodeFrame(FrameType.continuation, FrameFlag.endHeaders, 1, NOTHING);
  await withPair(respondWith(), { maxContinuations: 4 }, async ({ client }) => {
    await client.hello(start, ...times(5, () => piece));
    assertEquals(await client.goAwayCode(), H2Code.enhanceYourCalm);
  });
  await withPair(respondWith(), { maxContinuations: 4 }, async ({ client }) => {
    await client.hello(start, ...times(3, () => piece), end);
    assertEquals((await client.response(1)).headers.get(":status"), "200");
  });
});

Deno.test("a header block above the limit ends the connection before the block is complete", async () => {
  await withPair(respondWith(), { headerBytes: 20_000 }, async ({ client }) => {
    const start = encodeFrame(FrameType.headers, 0, 1, new Uint8Array(16_384));
    await client.hello(start, encodeFrame(FrameType.continuation, 0, 1, new Uint8Array(16_384)));
    assertEquals(await client.goAwayCode(), H2Code.enhanceYourCalm);
  });
});

Deno.test("an HPACK bomb gets the response 431, and the connection continues", async () => {
  await withPair(respondWith(), { headerBytes: 5000 }, async ({ client }) => {
    const big = encodeHeaderBlock([...GET_FIELDS, ["a", "x".repeat(3000)], ["b", "y".repeat(3000)]]);
    const flags = FrameFlag.endHeaders | FrameFlag.endStream;
    await client.hello(encodeFrame(FrameType.headers, flags, 1, big), headersFrame(3));
    assertEquals((await client.response(1)).headers.get(":status"), "431");
    assertEquals((await client.response(3)).headers.get(":status"), "200");
  });
});

Deno.test("too many queued responses to control frames close the connection; sent ones don't", async () => {
  await withPair(respondWith(), { maxQueuedControls: 20 }, async ({ client }) => {
    await client.hello(...times(30, () => PING));
    assertEquals(await client.goAwayCode(), H2Code.enhanceYourCalm);
  });
  await withPair(respondWith(), { maxQueuedControls: 20 }, async ({ client }) => {
    await client.hello();
    for (let i = 0; i < 100; i++) {
      await client.send(PING);
      assert(await client.nextOf(FrameType.ping));
    }
  });
});

Deno.test("floods of empty and control frames end the connection", async (t) => {
  const emptyFrames = { burst: 20, perSecond: 0.001 };
  const floods: [name: string, frame: Uint8Array][] = [
    ["SETTINGS", EMPTY_SETTINGS],
    ["PRIORITY", encodeFrame(FrameType.priority, 0, 9, new Uint8Array(5))],
    ["empty DATA", dataFrame(1, NOTHING, "body follows")],
    ["DATA with only padding", encodeFrame(FrameType.data, FrameFlag.padded, 1, Uint8Array.of(1, 0))],
    ["unknown types", encodeFrame(0x77, 0, 0, NOTHING)],
    ["GOAWAY", encodeFrame(FrameType.goAway, 0, 0, new Uint8Array(8))],
  ];
  for (const [name, frame] of floods) {
    await t.step(name, () =>
      withPair(respondWith(), { emptyFrames }, async ({ client }) => {
        await client.hello(headersFrame(1, GET_FIELDS, "body follows"), ...times(21, () => frame));
        assertEquals(await client.goAwayCode(), H2Code.enhanceYourCalm);
      }));
  }
  await t.step(
    "accepted: a few of each",
    () =>
      withPair(respondWith(), { emptyFrames }, async ({ client }) => {
        await client.hello(headersFrame(1, GET_FIELDS, "body follows"), ...floods.map(([, frame]) => frame));
        await client.send(headersFrame(3));
        assertEquals((await client.response(3)).headers.get(":status"), "200");
      }),
  );
});

Deno.test("floods of frames that clients send while they read responses end the connection", async (t) => {
  const limits = { pingAndWindowFrames: { burst: 20, perSecond: 0.001 } };
  const floods: [name: string, frame: Uint8Array][] = [
    ["PING", PING],
    ["WINDOW_UPDATE for the connection", encodeWindowUpdate(0, 1)],
    ["WINDOW_UPDATE for a closed stream", encodeWindowUpdate(1, 1)],
    ["RST_STREAM for a closed stream", encodeResetStream(1, H2Code.cancel)],
  ];
  for (const [name, frame] of floods) {
    await t.step(name, () =>
      withPair(respondWith(), limits, async ({ client }) => {
        await client.hello(headersFrame(1));
        await client.response(1);
        for (let i = 0; i < 5; i++) {
          // Read the acknowledgements, so that only the rate counts.
          await client.send(...times(5, () => frame));
          if (frame === PING && i < 4) { for (let n = 0; n < 5; n++) await client.nextOf(FrameType.ping); }
        }
        assertEquals(await client.goAwayCode(), H2Code.enhanceYourCalm);
      }));
  }
  await t.step(
    "opening a window byte by byte",
    () =>
      withPair(respondWith(100), limits, async ({ client }) => {
        await client.hello(settingFrame(4, 0), headersFrame(1));
        for (let i = 0; i < 30; i++) {
          await client.send(encodeWindowUpdate(1, 1));
          if (await client.nextOf(FrameType.data) === undefined) return;
        }
        throw new Error("The connection is still open");
      }),
  );
  await t.step(
    "accepted: a few per response",
    () =>
      withPair(respondWith(1000), limits, async ({ client }) => {
        await client.hello();
        for (let id = 1; id < 200; id += 2) {
          await client.send(headersFrame(id));
          assertEquals((await client.response(id)).body.length, 1000);
          await client.send(PING, encodeWindowUpdate(0, 1000), encodeWindowUpdate(id, 1000));
          assert(await client.nextOf(FrameType.ping));
        }
      }),
  );
});

Deno.test("streams above the limit are refused, and accepted when others have ended", async () => {
  const waiting: Http2Stream[] = [];
  const onStream: Http2StreamHandler = (stream) => {
    waiting.push(stream);
    return { data() {}, aborted() {} };
  };
  await withPair(onStream, { maxStreams: 2 }, async ({ client }) => {
    await client.hello(headersFrame(1), headersFrame(3), headersFrame(5));
    assertEquals(await client.resetCode(5), H2Code.refusedStream);
    for (const stream of waiting.splice(0)) {
      stream.sendHeaders(OK_BLOCK);
      stream.end();
    }
    assertEquals((await client.response(3)).headers.get(":status"), "200");
    await client.send(headersFrame(7), PING);
    assert(await client.nextOf(FrameType.ping));
    assertEquals(waiting.map((stream) => stream.id), [7]);
  });
});

Deno.test("an incomplete preface closes the connection after its time limit, not before", async () => {
  await withPair(respondWith(), { prefaceMs: 5000 }, async ({ client, connection }) => {
    await client.send(PREFACE.subarray(0, 10));
    connection.check(later(4000));
    await client.send(PREFACE.subarray(10), EMPTY_SETTINGS, headersFrame(1));
    assertEquals((await client.response(1)).headers.get(":status"), "200");
    connection.check(later(6000));
    await client.send(headersFrame(3));
    assertEquals((await client.response(3)).headers.get(":status"), "200");
  });
  for (const sent of [PREFACE.subarray(0, 10), PREFACE]) {
    await withPair(respondWith(), { prefaceMs: 5000 }, async ({ client, connection }) => {
      await client.send(sent);
      connection.check(later(6000));
      await client.closed();
    });
  }
});

Deno.test("a connection without streams is closed with GOAWAY after the idle time", async () => {
  await withPair(respondWith(), { idleMs: 5000 }, async ({ client, connection }) => {
    await client.hello(headersFrame(1));
    await client.response(1);
    connection.check(later(4000));
    await client.send(headersFrame(3));
    await client.response(3);
    connection.check(later(6000));
    assertEquals(await client.goAwayCode(), H2Code.noError);
    // A client that doesn't acknowledge the PING can't keep the connection open.
    connection.check(later(60_000));
    await client.closed();
  });
});

Deno.test("a request that isn't complete in time is reset", async () => {
  await withPair(respondWith(), { requestMs: 2000 }, async ({ client, connection }) => {
    await client.hello(headersFrame(1, GET_FIELDS, "body follows"), PING);
    await client.nextOf(FrameType.ping);
    connection.check(later(1000));
    assertEquals(connection.streams.open.size, 1);
    connection.check(later(3000));
    assertEquals(await client.resetCode(1), H2Code.cancel);
  });
});

Deno.test("a stream is reset if the client doesn't open its window", async () => {
  await withPair(respondWith(100), { writeStallMs: 2000 }, async ({ client, connection }) => {
    await client.hello(settingFrame(4, 0), headersFrame(1), PING);
    await client.nextOf(FrameType.ping);
    await client.send(PING);
    await client.nextOf(FrameType.ping);
    connection.check(later(1000));
    assertEquals(connection.streams.open.size, 1);
    connection.check(later(3000));
    assertEquals(await client.resetCode(1), H2Code.cancel);
  });
});

Deno.test("a connection is closed if the client doesn't read", async () => {
  const { promise: writing, resolve } = Promise.withResolvers<void>();
  /** Makes writes wait forever, as on a full socket. */
  const stuck = (conn: Deno.Conn) =>
    new Proxy(conn, {
      get(target, key) {
        const value = Reflect.get(target, key, target);
        if (key !== "write") return typeof value === "function" ? value.bind(target) : value;
        return () => {
          resolve();
          return new Promise(() => {});
        };
      },
    });
  await withPair(respondWith(), { writeStallMs: 5000 }, async ({ client, connection }) => {
    await client.hello();
    await writing;
    connection.check(later(4000));
    assert(connection.idleSince !== undefined);
    connection.check(later(6000));
    await client.closed();
  }, stuck);
});
