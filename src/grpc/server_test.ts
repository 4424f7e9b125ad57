import { assert, assertEquals, assertStringIncludes } from "../../tests/assert.ts";
import { AppError } from "../base/errors.ts";
import { encodeFrame, encodeResetStream, FrameFlag, FrameType } from "../http2/frame/frame.ts";
import { dataFrame, headersFrame, NOTHING } from "../http2/test_client.ts";
import { type Codec, type Method, serverStream, unary, type UnaryHandler } from "./wire/method.ts";
import { callFrame, callHeaders, framed, resultOf, withService } from "./test_caller.ts";

const TEXT: Codec<string, string> = {
  decode: (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
  encode: (text) => new TextEncoder().encode(text),
};
const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const textBytes = (text: string) => new TextEncoder().encode(text);

/** Creates a method that waits until its signal aborts, and reports the reason. */
function waiting() {
  const { promise: reason, resolve } = Promise.withResolvers<unknown>();
  const { promise: started, resolve: start } = Promise.withResolvers<void>();
  const handle: UnaryHandler<string, string> = (_request, _call, signal) => {
    start();
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        resolve(signal.reason);
        reject(signal.reason);
      });
    });
  };
  return { method: unary(TEXT, handle), reason, started };
}

function methods(more: readonly (readonly [string, Method])[] = []): ReadonlyMap<string, Method> {
  return new Map<string, Method>([
    ["/t.T/Shout", unary(TEXT, (text) => text.toUpperCase())],
    ["/t.T/Later", unary(TEXT, (text) => Promise.resolve(`${text}, later`))],
    ["/t.T/Bytes", unary(TEXT, () => Uint8Array.of(1, 2, 3))],
    [
      "/t.T/Letters",
      serverStream(TEXT, async function* (text) {
        for (const letter of text) yield await Promise.resolve(letter);
        if (text.includes("!")) throw new AppError("not_found", "Cannot continue: 100 % é");
      }),
    ],
    ...more,
  ]);
}

Deno.test("a unary call gets one message and OK", async (t) => {
  await withService({ methods: methods() }, async ({ connect, records }) => {
    using client = await connect();
    const cases: [path: string, want: string][] = [
      ["/t.T/Shout", "HI"],
      ["/t.T/Later", "hi, later"],
      ["/t.T/Bytes", "\x01\x02\x03"],
    ];
    for (const [i, [path, want]] of cases.entries()) {
      await t.step(path, async () => {
        const id = 2 * i + 1;
        await client.send(callFrame(id, path), dataFrame(id, framed(textBytes("hi"))));
        const { code, messages, response } = await resultOf(client, id);
        assertEquals([code, messages.map(textOf)], [0, [want]]);
        assertEquals(response.headers.get("content-type"), "application/grpc");
      });
    }
    assertEquals(records.map(({ method, status, known }) => [method, status.code, known]), [
      ["/t.T/Shout", 0, true],
      ["/t.T/Later", 0, true],
      ["/t.T/Bytes", 0, true],
    ]);
  });
});

Deno.test("a request can be split into many DATA frames, the last of them empty", async () => {
  await withService({ methods: methods() }, async ({ connect }) => {
    using client = await connect();
    const message = framed(textBytes("hello"));
    const pieces = Array.from(message, (byte) => dataFrame(1, Uint8Array.of(byte), "body follows"));
    await client.send(callFrame(1, "/t.T/Shout"), ...pieces, dataFrame(1, NOTHING));
    assertEquals((await resultOf(client, 1)).messages.map(textOf), ["HELLO"]);
  });
});

Deno.test("a stream of responses ends with its status", async () => {
  await withService({ methods: methods() }, async ({ connect, records }) => {
    using client = await connect();
    await client.send(callFrame(1, "/t.T/Letters"), dataFrame(1, framed(textBytes("abc"))));
    assertEquals((await resultOf(client, 1)).messages.map(textOf), ["a", "b", "c"]);
    await client.send(callFrame(3, "/t.T/Letters"), dataFrame(3, framed(textBytes("d!"))));
    const failed = await resultOf(client, 3);
    assertEquals(failed.messages.map(textOf), ["d", "!"]);
    assertEquals([failed.code, failed.message], [5, "Cannot continue: 100 %25 %C3%A9"]);
    await client.send(callFrame(5, "/t.T/Letters"), dataFrame(5, framed(NOTHING)));
    const none = await resultOf(client, 5);
    assertEquals([none.code, none.messages.length], [0, 0]);
    assertEquals(records.map((record) => record.status.code), [0, 5, 0]);
  });
});

Deno.test("an exception of a handler becomes a status; only the messages of AppError are sent", async () => {
  const failing = (error: unknown) => unary(TEXT, () => Promise.reject(error));
  const table = methods([
    [
      "/t.T/Sync",
      unary(TEXT, () => {
        throw new AppError("busy", "Cannot do that: the store is busy");
      }),
    ],
    ["/t.T/Known", failing(new AppError("no_space", "Cannot write: the disk is full"))],
    ["/t.T/Secret", failing(new TypeError("password hunter2"))],
  ]);
  await withService({ methods: table }, async ({ connect, records }) => {
    using client = await connect();
    const codes: [path: string, code: number, message: string][] = [
      ["/t.T/Sync", 14, "Cannot do that: the store is busy"],
      ["/t.T/Known", 8, "Cannot write: the disk is full"],
      ["/t.T/Secret", 2, "Unexpected error; see the server's log"],
    ];
    for (const [i, [path, code, message]] of codes.entries()) {
      await client.send(callFrame(2 * i + 1, path), dataFrame(2 * i + 1, framed(NOTHING)));
      const result = await resultOf(client, 2 * i + 1);
      assertEquals([result.code, result.message], [code, message]);
      // The response is one header block without a body.
      assertEquals([result.response.trailers.size, result.response.body.length], [0, 0]);
    }
    assertStringIncludes(String(records[2]?.error), "hunter2");
  });
});

Deno.test("invalid calls are refused", async (t) => {
  const body = dataFrame(1, framed(textBytes("a")));
  const post = (path: string, type: string) =>
    headersFrame(
      1,
      callHeaders(path).map(([name, value]) => [name, name === "content-type" ? type : value]),
      "body follows",
    );
  const get = headersFrame(1, callHeaders("/t.T/Shout").map(([n, v]) => [n, n === ":method" ? "GET" : v]));
  const cases: [name: string, frames: Uint8Array[], http: string, code: number][] = [
    ["unknown method", [callFrame(1, "/t.T/No"), body], "200", 12],
    ["JSON", [post("/t.T/Shout", "application/json"), body], "415", -1],
    ["gRPC-web", [post("/t.T/Shout", "application/grpc-web"), body], "415", -1],
    ["GET", [get], "405", -1],
    ["+proto", [post("/t.T/Shout", "application/grpc+proto"), body], "200", 0],
    ["a charset", [post("/t.T/Shout", "application/grpc; charset=utf-8"), body], "200", 0],
    ["no message", [callFrame(1, "/t.T/Shout"), dataFrame(1, NOTHING)], "200", 13],
    [
      "a truncated message",
      [callFrame(1, "/t.T/Shout"), dataFrame(1, framed(textBytes("abc")).subarray(0, 7))],
      "200",
      13,
    ],
    ["two messages", [callFrame(1, "/t.T/Shout"), dataFrame(1, new Uint8Array(10))], "200", 13],
    ["malformed message", [callFrame(1, "/t.T/Shout"), dataFrame(1, framed(Uint8Array.of(0xff)))], "200", 3],
    ["malformed timeout", [callFrame(1, "/t.T/Shout", ["grpc-timeout", "1 S"]), body], "200", 13],
    [
      "unknown encoding",
      [
        callFrame(1, "/t.T/Shout", ["grpc-encoding", "br"]),
        dataFrame(1, framed(NOTHING, 1)),
      ],
      "200",
      12,
    ],
  ];
  for (const [name, frames, http, code] of cases) {
    await t.step(name, () =>
      withService({ methods: methods() }, async ({ connect }) => {
        using client = await connect();
        await client.send(...frames);
        const result = await resultOf(client, 1);
        assertEquals([result.response.headers.get(":status"), result.code], [http, code]);
      }));
  }
});

Deno.test("a call of an unknown method gets the server's own message, and is recorded", async () => {
  const unknownMethod = (method: string) => `Cannot call "${method}": this is an image service`;
  await withService({ methods: methods(), unknownMethod }, async ({ connect, records }) => {
    using client = await connect();
    await client.send(callFrame(1, "/runtime.v1.RuntimeService/RunPodSandbox", ["traceparent", "00-ab"]));
    const { message } = await resultOf(client, 1);
    assertEquals(message, 'Cannot call "/runtime.v1.RuntimeService/RunPodSandbox": this is an image service');
    assertEquals([records[0]?.known, records[0]?.traceparent], [false, "00-ab"]);
  });
});

Deno.test("a compressed request is decompressed with the server's function", async () => {
  const inflate = (bytes: Uint8Array, limit: number) =>
    bytes.length > 3
      ? Promise.reject(new AppError("limit_exceeded", `over ${limit}`))
      : Promise.resolve(bytes.toReversed());
  await withService({ methods: methods(), inflate }, async ({ connect }) => {
    using client = await connect();
    const gzip = ["grpc-encoding", "gzip"] as const;
    await client.send(callFrame(1, "/t.T/Shout", gzip), dataFrame(1, framed(textBytes("abc"), 1)));
    assertEquals((await resultOf(client, 1)).messages.map(textOf), ["CBA"]);
    await client.send(callFrame(3, "/t.T/Shout", gzip), dataFrame(3, framed(textBytes("bomb"), 1)));
    assertEquals((await resultOf(client, 3)).code, 8);
    // A message may be uncompressed in spite of the header.
    await client.send(callFrame(5, "/t.T/Shout", gzip), dataFrame(5, framed(textBytes("abc"))));
    assertEquals((await resultOf(client, 5)).messages.map(textOf), ["ABC"]);
  });
});

Deno.test("messages above the limit are refused in both directions; messages at the limit aren't", async () => {
  const table = methods([["/t.T/Twice", unary(TEXT, (text) => text + text)]]);
  await withService({ methods: table, limits: { messageBytes: 100 } }, async ({ connect }) => {
    using client = await connect();
    const call = async (id: number, path: string, bytes: number) => {
      await client.send(callFrame(id, path), dataFrame(id, framed(new Uint8Array(bytes).fill(97))));
      return (await resultOf(client, id)).code;
    };
    assertEquals(await call(1, "/t.T/Shout", 100), 0);
    assertEquals(await call(3, "/t.T/Shout", 101), 8);
    assertEquals(await call(5, "/t.T/Twice", 50), 0);
    assertEquals(await call(7, "/t.T/Twice", 51), 8);
    // An announced length is refused before any byte of the message is received.
    await client.send(
      callFrame(9, "/t.T/Shout"),
      dataFrame(9, Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff), "body follows"),
    );
    assertEquals((await resultOf(client, 9)).code, 8);
  });
});

Deno.test("a deadline ends the call and aborts the handler's signal", async () => {
  const { promise: reason, resolve } = Promise.withResolvers<unknown>();
  // Without the deadline, the call would succeed after 5 s, so the test fails instead of hanging.
  const method = unary(TEXT, (_request, _call, signal) =>
    new Promise<string>((respond, reject) => {
      const timer = setTimeout(() => respond("no deadline"), 5000);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve(signal.reason);
        reject(signal.reason);
      });
    }));
  await withService({ methods: methods([["/t.T/Wait", method]]) }, async ({ connect, server, records }) => {
    using client = await connect();
    await client.send(callFrame(1, "/t.T/Wait", ["grpc-timeout", "1m"]), dataFrame(1, framed(NOTHING)));
    assertEquals((await resultOf(client, 1)).code, 4);
    assertEquals((await reason as AppError).code, "deadline_exceeded");
    assertEquals([server.activeCalls, records.length], [0, 1]);
    // A deadline that is far away has no effect.
    await client.send(
      callFrame(3, "/t.T/Shout", ["grpc-timeout", "99999999H"]),
      dataFrame(3, framed(NOTHING)),
    );
    assertEquals((await resultOf(client, 3)).code, 0);
  });
});

Deno.test("a reset and a lost connection abort the handler's signal", async (t) => {
  for (const how of ["reset", "lost connection"] as const) {
    await t.step(how, async () => {
      const { method, reason, started } = waiting();
      await withService(
        { methods: methods([["/t.T/Wait", method]]) },
        async ({ connect, server, records }) => {
          const client = await connect();
          await client.send(callFrame(1, "/t.T/Wait"), dataFrame(1, framed(NOTHING)));
          await started;
          if (how === "reset") await client.send(encodeResetStream(1, 8));
          else client.conn.close();
          assertEquals((await reason as AppError).code, "cancelled");
          assertEquals([server.activeCalls, records[0]?.status.code], [0, 1]);
          if (how === "reset") client.conn.close();
        },
      );
    });
  }
});

Deno.test("a stream of responses ends when the client resets it", async () => {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const endless = serverStream(TEXT, async function* () {
    try {
      for (;;) yield await Promise.resolve("x".repeat(10_000));
    } finally {
      resolve();
    }
  });
  await withService({ methods: methods([["/t.T/Endless", endless]]) }, async ({ connect, server }) => {
    using client = await connect();
    await client.send(callFrame(1, "/t.T/Endless"), dataFrame(1, framed(NOTHING)));
    assert(await client.nextOf(FrameType.data));
    await client.send(encodeResetStream(1, 8));
    await ended;
    assertEquals(server.activeCalls, 0);
  });
});

Deno.test("requests of a client that doesn't read wait until it reads", async () => {
  let served = 0;
  const big = unary(TEXT, () => {
    served++;
    return new Uint8Array(1000);
  });
  const options = { methods: methods([["/t.T/Big", big]]), http2: { queuedResponseBytes: 2500 } };
  await withService(options, async ({ connect }) => {
    using client = await connect();
    // SETTINGS with an initial window of 0.
    await client.send(encodeFrame(FrameType.settings, 0, 0, Uint8Array.of(0, 4, 0, 0, 0, 0)));
    const ids = Array.from({ length: 10 }, (_, i) => 2 * i + 1);
    await client.send(...ids.flatMap((id) => [callFrame(id, "/t.T/Big"), dataFrame(id, framed(NOTHING))]));
    await client.send(encodeFrame(FrameType.ping, 0, 0, new Uint8Array(8)));
    assert(await client.nextOf(FrameType.ping));
    assertEquals(served, 3);
    await client.send(encodeFrame(FrameType.settings, 0, 0, Uint8Array.of(0, 4, 0, 0, 0xff, 0xff)));
    let ended = 0;
    while (ended < ids.length) {
      const frame = await client.nextOf(FrameType.headers);
      assert(frame);
      if (frame.flags & FrameFlag.endStream) ended++;
    }
    assertEquals(served, 10);
  });
});

Deno.test("a bidirectional stream responds in the order of the requests, and ends after the last one", async () => {
  const method: Method = {
    kind: "bidi_stream",
    respond: (bytes) => textOf(bytes) === "slow" ? Promise.resolve(textBytes("SLOW")) : bytes.slice(),
  };
  await withService({ methods: methods([["/t.T/Talk", method]]) }, async ({ connect }) => {
    using client = await connect();
    await client.send(callFrame(1, "/t.T/Talk"));
    const two = Uint8Array.of(...framed(textBytes("slow")), ...framed(textBytes("b")));
    await client.send(
      dataFrame(1, two.subarray(0, 12), "body follows"),
      dataFrame(1, two.subarray(12), "body follows"),
    );
    await client.send(dataFrame(1, framed(textBytes("c"))));
    const { code, messages } = await resultOf(client, 1);
    assertEquals([code, messages.map(textOf)], [0, ["SLOW", "b", "c"]]);
  });
});

Deno.test("a bidirectional stream fails above the allowed number of waiting requests", async () => {
  const method: Method = { kind: "bidi_stream", respond: (bytes) => bytes.slice() };
  const options = { methods: methods([["/t.T/Talk", method]]), limits: { pendingMessages: 4 } };
  await withService(options, async ({ connect }) => {
    using client = await connect();
    await client.send(callFrame(1, "/t.T/Talk"), dataFrame(1, new Uint8Array(5 * 5)));
    assertEquals((await resultOf(client, 1)).code, 8);
    await client.send(callFrame(3, "/t.T/Talk"), dataFrame(3, new Uint8Array(5 * 4)));
    const { code, messages } = await resultOf(client, 3);
    assertEquals([code, messages.length], [0, 4]);
  });
});

Deno.test("shutdown() waits for calls in progress, and aborts them after the grace period", async (t) => {
  await t.step("completed", async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<string>();
    const table = methods([["/t.T/Gate", unary(TEXT, () => gate)]]);
    await withService({ methods: table }, async ({ connect, server }) => {
      using client = await connect();
      await client.send(callFrame(1, "/t.T/Gate"), dataFrame(1, framed(NOTHING)));
      await client.send(encodeFrame(FrameType.ping, 0, 0, new Uint8Array(8)));
      assert(await client.nextOf(FrameType.ping));
      const ending = server.shutdown(60_000);
      assert(await client.nextOf(FrameType.goAway));
      const ping = await client.nextOf(FrameType.ping);
      assert(ping);
      await client.send(encodeFrame(FrameType.ping, FrameFlag.ack, 0, ping.payload));
      open("done");
      assertEquals((await resultOf(client, 1)).messages.map(textOf), ["done"]);
      assertEquals(await ending, "drained");
    });
  });
  await t.step("aborted", async () => {
    const { method, reason, started } = waiting();
    await withService({ methods: methods([["/t.T/Wait", method]]) }, async ({ connect, server }) => {
      using client = await connect();
      await client.send(callFrame(1, "/t.T/Wait"), dataFrame(1, framed(NOTHING)));
      await started;
      assertEquals(await server.shutdown(1), "aborted");
      assertEquals((await reason as AppError).code, "cancelled");
    });
  });
});
