import { neverAborted } from "../../base/concurrency/abort.ts";
import { equalBytes, MIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import type { TransferEvent } from "../../content/remote.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "../../../tests/assert.ts";
import {
  compressed,
  contentLength,
  contentRange,
  cutAfter,
  extraBytes,
  type Fault,
  hangUp,
  headers,
  ignoreRange,
  stallAfter,
  startRegistry,
  status,
  withoutLength,
  wrongByte,
} from "../../../tests/registry/mod.ts";
import { fetchAll, openTestRemote, pushBlob, readTo, someBytes } from "../test_remote.ts";

const SIZE = 300_000;
const BYTES = someBytes(SIZE);

/** Faults per request, in order. */
type Faults = readonly (readonly [Fault, ...Fault[]])[];

interface RecoveryCase {
  readonly name: string;
  readonly faults: Faults;
  /** The requested ranges, in order; "" means no range. */
  readonly ranges: readonly string[];
}

const RECOVERIES: readonly RecoveryCase[] = [
  { name: "a complete response", faults: [], ranges: [""] },
  { name: "a connection that fails", faults: [[cutAfter(1000)]], ranges: ["", "bytes=1000-"] },
  {
    name: "a connection that fails twice",
    faults: [[cutAfter(1000)], [cutAfter(500)]],
    ranges: ["", "bytes=1000-", "bytes=1500-"],
  },
  { name: "a failure before the first byte", faults: [[cutAfter(0)]], ranges: ["", ""] },
  { name: "a failure after the last byte", faults: [[contentLength(SIZE)]], ranges: [""] },
  { name: "no response", faults: [[hangUp()]], ranges: ["", ""] },
  {
    name: "a reconnect that is refused at first",
    faults: [[cutAfter(1000)], [status(503)], [hangUp()]],
    ranges: ["", "bytes=1000-", "bytes=1000-", "bytes=1000-"],
  },
  {
    name: "200 for a range: delivered bytes are skipped",
    faults: [[cutAfter(100_000)], [ignoreRange]],
    ranges: ["", "bytes=100000-"],
  },
  {
    name: "a failure while bytes are skipped",
    faults: [[cutAfter(100_000)], [ignoreRange, cutAfter(50_000)]],
    ranges: ["", "bytes=100000-", "bytes=100000-"],
  },
  {
    name: "206 that starts at another byte",
    faults: [[cutAfter(1000)], [contentRange(`bytes 999-${SIZE - 1}/${SIZE}`)]],
    ranges: ["", "bytes=1000-", ""],
  },
  {
    name: "206 without Content-Range",
    faults: [[cutAfter(1000)], [contentRange(undefined)]],
    ranges: ["", "bytes=1000-", ""],
  },
  {
    name: "206 of another unit",
    faults: [[cutAfter(1000)], [contentRange(`items 1000-${SIZE - 1}/${SIZE}`)]],
    ranges: ["", "bytes=1000-", ""],
  },
  {
    name: "206 whose Content-Length contradicts its range",
    faults: [[cutAfter(1000)], [contentRange(`bytes 1000-${SIZE - 2}/${SIZE}`)]],
    ranges: ["", "bytes=1000-", ""],
  },
  {
    name: "416 for a valid range",
    faults: [[cutAfter(1000)], [status(416, { "content-range": `bytes */${SIZE}` })]],
    ranges: ["", "bytes=1000-", ""],
  },
  { name: "chunks without a length", faults: [[withoutLength()]], ranges: [""] },
  {
    name: "a connection that is closed early",
    faults: [[withoutLength("close"), cutAfter(1000)]],
    ranges: ["", "bytes=1000-"],
  },
];

Deno.test("A body resumes after failures", async (t) => {
  for (const { name, faults, ranges } of RECOVERIES) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      const blob = await pushBlob(BYTES, registry);
      for (const perRequest of faults) registry.fault({ kind: "blob" }, ...perRequest);
      using test = openTestRemote(registry, { attempts: 5 });
      const got = await fetchAll(test, blob);
      assertEquals(got.offset, 0);
      assert(equalBytes(got.bytes, BYTES));
      assertEquals(registry.requests.of("/blobs/").map(({ range }) => range), [...ranges]);
    });
  }
});

interface StartCase {
  readonly name: string;
  readonly faults: Faults;
  /** The offset that the body reports when 1000 was requested. */
  readonly offset: number;
}

const STARTS: readonly StartCase[] = [
  { name: "resumes where an earlier run stopped", faults: [], offset: 1000 },
  { name: "restarts at a host that ignores ranges", faults: [[ignoreRange]], offset: 0 },
  { name: "restarts after a wrong first byte", faults: [[contentRange(`bytes 0-9/${SIZE}`)]], offset: 0 },
  { name: "restarts without Content-Range", faults: [[contentRange(undefined)]], offset: 0 },
  { name: "restarts after 416", faults: [[status(416)]], offset: 0 },
  { name: "resumes after a retryable failure", faults: [[status(500)]], offset: 1000 },
];

Deno.test("A body opened in the middle reports where it starts", async (t) => {
  for (const { name, faults, offset } of STARTS) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      const blob = await pushBlob(BYTES, registry);
      for (const perRequest of faults) registry.fault({ kind: "blob" }, ...perRequest);
      using test = openTestRemote(registry);
      const got = await fetchAll(test, blob, 1000);
      assertEquals(got.offset, offset);
      assert(equalBytes(got.bytes, BYTES.subarray(offset)));
    });
  }
});

Deno.test("A stalled connection is replaced at its byte", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  registry.fault({ kind: "blob" }, stallAfter(1000));
  using test = openTestRemote(registry);
  const reasons: string[] = [];
  const onEvent = (event: TransferEvent) => reasons.push(`${event.kind} ${event.reason}`);
  using body = await test.remote.fetch(blob, { onEvent }, neverAborted());
  const bytes = new Uint8Array(SIZE);
  await readTo(body, bytes, 1000);
  const next = body.read(bytes.subarray(1000));
  test.clock.advance(30_000);
  const n = await next;
  assert(n !== null);
  await readTo(body, bytes.subarray(1000 + n), SIZE - 1000 - n);
  assert(equalBytes(bytes, BYTES));
  assertStringIncludes(reasons[0] ?? "", "bytes/s over 30 s, expected at least 1024");
  assertEquals(registry.requests.of("/blobs/").map(({ range }) => range), ["", "bytes=1000-"]);
});

Deno.test("A slow consumer is not a stall", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  using test = openTestRemote(registry);
  using body = await test.remote.fetch(blob, {}, neverAborted());
  const buffer = new Uint8Array(65_536);
  let length = 0;
  for (let n = await body.read(buffer); n !== null; n = await body.read(buffer)) {
    length += n;
    test.clock.advance(3_600_000);
  }
  assertEquals(length, SIZE);
  assertEquals(registry.requests.of("/blobs/").length, 1);
});

Deno.test("A host that always stalls causes a stalled error", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  registry.fault({ kind: "blob", times: 9 }, stallAfter(0));
  using test = openTestRemote(registry);
  using body = await test.remote.fetch(blob, {}, neverAborted());
  const read = body.read(new Uint8Array(10));
  const failed = assertRejects(() => read, AppError, "sent 0 bytes/s");
  for (const count of [1, 2, 3]) {
    await registry.requests.until(() => registry.requests.of("/blobs/").length === count);
    await test.clock.untilTimer();
    test.clock.advance(30_000);
  }
  assertEquals((await failed).code, "stalled");
});

Deno.test("Attempts are counted from 1 again after progress", async () => {
  const size = 5 * MIB;
  await using registry = await startRegistry();
  const blob = await pushBlob(someBytes(size), registry);
  for (let i = 0; i < 4; i++) registry.fault({ kind: "blob" }, cutAfter(MIB));
  using test = openTestRemote(registry, { attempts: 2 });
  const got = await fetchAll(test, blob);
  assertEquals(got.bytes.length, size);
  assertEquals(got.events.map((event) => event.kind === "retry" && event.attempt), [1, 1, 1, 1]);
});

Deno.test("Only attempts without new bytes count", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  registry.fault({ kind: "blob", times: 299 }, cutAfter(1000));
  using test = openTestRemote(registry, { attempts: 2 });
  const got = await fetchAll(test, blob);
  assert(equalBytes(got.bytes, BYTES));
  assertEquals(new Set(got.events.map((event) => event.kind === "retry" && event.attempt)), new Set([1]));
});

Deno.test("Bytes that were delivered before don't count as progress", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  registry.fault({ kind: "blob", times: 9 }, ignoreRange, cutAfter(100_000));
  using test = openTestRemote(registry, { attempts: 3 });
  await assertRejects(() => fetchAll(test, blob), AppError, "at byte 100000 of 300000 (after 3 attempts)");
});

Deno.test("A host that closes each connection after a few bytes doesn't keep a download running", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  // 10 bytes per wait of 150 ms are below the limit of 1024 bytes/s. Each window has 200 attempts.
  registry.fault({ kind: "blob", times: 9_999 }, cutAfter(10));
  using test = openTestRemote(registry, { attempts: 2 });
  const error = await assertRejects(() => fetchAll(test, blob), AppError, "closed early");
  assertEquals([error.code, test.clock.elapsed() < 70_000], ["network", true]);
});

Deno.test("A connection that was fast is replaced after seconds of silence", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(someBytes(MIB), registry);
  registry.fault({ kind: "blob" }, stallAfter(MIB / 2));
  using test = openTestRemote(registry);
  using body = await test.remote.fetch(blob, {}, neverAborted());
  const bytes = new Uint8Array(MIB);
  await readTo(body, bytes, MIB / 2);
  const next = body.read(bytes);
  test.clock.advance(6_000);
  assert(await next !== null);
  assertEquals(registry.requests.of("/blobs/").map(({ range }) => range), ["", `bytes=${MIB / 2}-`]);
});

Deno.test("A host that sends short ranges is not a failure", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  const pieces: Fault = (response) => {
    const from = response.body?.offset ?? 0;
    const to = Math.min(from + 1000, SIZE);
    return {
      ...response,
      status: 206,
      headers: { "content-range": `bytes ${from}-${to - 1}/${SIZE}` },
      body: { size: to - from, offset: from, chunks: [BYTES.subarray(from, to)] },
    };
  };
  registry.fault({ kind: "blob", times: 50 }, pieces);
  using test = openTestRemote(registry, { attempts: 2 });
  const got = await fetchAll(test, blob);
  assert(equalBytes(got.bytes, BYTES));
  assertEquals(got.events, []);
});

Deno.test("An abort ends a read with its own reason, without a retry", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  registry.fault({ kind: "blob" }, stallAfter(1000));
  using test = openTestRemote(registry);
  const controller = new AbortController();
  using body = await test.remote.fetch(blob, {}, controller.signal);
  const buffer = new Uint8Array(SIZE);
  await readTo(body, buffer, 1000);
  const next = body.read(buffer);
  controller.abort(new RangeError("enough"));
  await assertRejects(() => next, RangeError, "enough");
  assertEquals(registry.requests.of("/blobs/").length, 1);
});

Deno.test("An abort for another transfer's failure isn't retried", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  registry.fault({ kind: "blob" }, stallAfter(1000));
  using test = openTestRemote(registry);
  const controller = new AbortController();
  const events: string[] = [];
  const onEvent = ({ kind }: TransferEvent) => events.push(kind);
  using body = await test.remote.fetch(blob, { onEvent }, controller.signal);
  const buffer = new Uint8Array(SIZE);
  await readTo(body, buffer, 1000);
  const next = body.read(buffer);
  const reason = new AppError("network", "Cannot fetch another blob");
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => next, AppError), reason);
  assertEquals(events, []);
});

Deno.test("An abort ends a wait between attempts", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  registry.fault({ kind: "blob", times: 9 }, cutAfter(10));
  using test = openTestRemote(registry);
  const controller = new AbortController();
  const onEvent = () => controller.abort(new RangeError("enough"));
  using body = await test.remote.fetch(blob, { onEvent }, controller.signal);
  await assertRejects(() => readTo(body, new Uint8Array(SIZE), SIZE), RangeError, "enough");
  assertEquals(registry.requests.of("/blobs/").length, 1);
});

Deno.test("A wrong byte is delivered: the ingest checks the digest", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  registry.fault({ kind: "blob" }, wrongByte(5));
  using test = openTestRemote(registry);
  const got = await fetchAll(test, blob);
  assertEquals(got.bytes.length, SIZE);
  assert(!equalBytes(got.bytes, BYTES));
});

Deno.test("An encoding that changes the bytes is refused", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  registry.fault({ kind: "blob", times: 3 }, headers({ "content-encoding": "x-other" }), withoutLength());
  using test = openTestRemote(registry);
  const error = await assertRejects(() => fetchAll(test, blob), AppError, 'Content-Encoding "x-other"');
  assertEquals(error.code, "unsupported");
});

Deno.test("A compressed blob is decompressed, from its start if its connection breaks", async (t) => {
  const cases: readonly (readonly [string, readonly Fault[], number])[] = [
    ["whole", [compressed()], 1],
    ["chunked", [compressed("gzip", "chunked")], 1],
    ["broken off", [compressed(), cutAfter(5_000)], 3],
    ["truncated without a length", [compressed("gzip", "close"), cutAfter(5_000)], 3],
    ["damaged", [compressed(), wrongByte(20)], 2],
  ];
  for (const [name, faults, requests] of cases) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      const blob = await pushBlob(BYTES, registry);
      registry.fault({ kind: "blob" }, ...faults);
      registry.fault({ kind: "blob", times: 9 }, compressed());
      using test = openTestRemote(registry);
      const got = await fetchAll(test, blob);
      assert(equalBytes(got.bytes, BYTES));
      assertEquals(registry.requests.of("/blobs/").length, requests);
    });
  }
});

Deno.test("A resumed download of a blob that comes compressed starts again from its first byte", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  registry.fault({ kind: "blob", times: 9 }, compressed());
  using test = openTestRemote(registry);
  const got = await fetchAll(test, blob, 1000);
  assertEquals(got.offset, 0);
  assert(equalBytes(got.bytes, BYTES));
});

Deno.test("A compressed blob that is too long is an error", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  registry.fault({ kind: "blob", times: 9 }, extraBytes(1), compressed());
  using test = openTestRemote(registry);
  const error = await assertRejects(() => fetchAll(test, blob), AppError);
  assertEquals(error.code, "size_mismatch");
});

Deno.test("An encoding header for unencoded bytes is ignored", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  registry.fault({ kind: "blob" }, headers({ "content-encoding": "x-other" }));
  using test = openTestRemote(registry);
  assertEquals((await fetchAll(test, blob)).bytes.length, SIZE);
});

Deno.test("An empty blob is requested without a range", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(new Uint8Array(0), registry);
  using test = openTestRemote(registry);
  assertEquals((await fetchAll(test, blob)).bytes.length, 0);
  assertEquals(registry.requests.of("/blobs/").map(({ range }) => range), [""]);
});
