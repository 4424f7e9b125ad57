import { neverAborted } from "../../base/abort.ts";
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
  contentLength,
  contentRange,
  cutAfter,
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

/** Faults in the order of the requests they strike. */
type Orders = readonly (readonly [Fault, ...Fault[]])[];

interface Mended {
  readonly name: string;
  readonly orders: Orders;
  /** The ranges asked for, in order; "" is none. */
  readonly ranges: readonly string[];
}

const MENDED: readonly Mended[] = [
  { name: "an honest answer", orders: [], ranges: [""] },
  { name: "a connection that breaks", orders: [[cutAfter(1000)]], ranges: ["", "bytes=1000-"] },
  {
    name: "a connection that breaks twice",
    orders: [[cutAfter(1000)], [cutAfter(500)]],
    ranges: ["", "bytes=1000-", "bytes=1500-"],
  },
  { name: "a break before the first byte", orders: [[cutAfter(0)]], ranges: ["", ""] },
  { name: "a break behind the last byte", orders: [[contentLength(SIZE)]], ranges: [""] },
  { name: "no answer at all", orders: [[hangUp()]], ranges: ["", ""] },
  {
    name: "a reconnect that is refused at first",
    orders: [[cutAfter(1000)], [status(503)], [hangUp()]],
    ranges: ["", "bytes=1000-", "bytes=1000-", "bytes=1000-"],
  },
  {
    name: "200 for a range: what came before is passed over",
    orders: [[cutAfter(100_000)], [ignoreRange]],
    ranges: ["", "bytes=100000-"],
  },
  {
    name: "a break while bytes are passed over",
    orders: [[cutAfter(100_000)], [ignoreRange, cutAfter(50_000)]],
    ranges: ["", "bytes=100000-", "bytes=100000-"],
  },
  {
    name: "206 that begins elsewhere",
    orders: [[cutAfter(1000)], [contentRange(`bytes 999-${SIZE - 1}/${SIZE}`)]],
    ranges: ["", "bytes=1000-", ""],
  },
  {
    name: "206 without Content-Range",
    orders: [[cutAfter(1000)], [contentRange(undefined)]],
    ranges: ["", "bytes=1000-", ""],
  },
  {
    name: "206 of another unit",
    orders: [[cutAfter(1000)], [contentRange(`items 1000-${SIZE - 1}/${SIZE}`)]],
    ranges: ["", "bytes=1000-", ""],
  },
  {
    name: "206 whose Content-Length contradicts its range",
    orders: [[cutAfter(1000)], [contentRange(`bytes 1000-${SIZE - 2}/${SIZE}`)]],
    ranges: ["", "bytes=1000-", ""],
  },
  {
    name: "416 for bytes that must be there",
    orders: [[cutAfter(1000)], [status(416, { "content-range": `bytes */${SIZE}` })]],
    ranges: ["", "bytes=1000-", ""],
  },
  { name: "chunks without a length", orders: [[withoutLength()]], ranges: [""] },
  {
    name: "an end by closing that comes too early",
    orders: [[withoutLength("close"), cutAfter(1000)]],
    ranges: ["", "bytes=1000-"],
  },
];

Deno.test("A body mends itself", async (t) => {
  for (const { name, orders, ranges } of MENDED) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      const blob = await pushBlob(BYTES, registry);
      for (const faults of orders) registry.fault({ kind: "blob" }, ...faults);
      using test = openTestRemote(registry, { attempts: 5 });
      const got = await fetchAll(test, blob);
      assertEquals(got.offset, 0);
      assert(equalBytes(got.bytes, BYTES));
      assertEquals(registry.requests.of("/blobs/").map(({ range }) => range), [...ranges]);
    });
  }
});

interface Resumed {
  readonly name: string;
  readonly orders: Orders;
  /** The offset that the body reports when 1000 is asked for. */
  readonly offset: number;
}

const RESUMED: readonly Resumed[] = [
  { name: "goes on where an earlier run stopped", orders: [], offset: 1000 },
  { name: "begins again at a host that ignores ranges", orders: [[ignoreRange]], offset: 0 },
  { name: "begins again after a wrong start", orders: [[contentRange(`bytes 0-9/${SIZE}`)]], offset: 0 },
  { name: "begins again without Content-Range", orders: [[contentRange(undefined)]], offset: 0 },
  { name: "begins again after 416", orders: [[status(416)]], offset: 0 },
  { name: "goes on after a failure that passes", orders: [[status(500)]], offset: 1000 },
];

Deno.test("A body opened in the middle says where it begins", async (t) => {
  for (const { name, orders, offset } of RESUMED) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      const blob = await pushBlob(BYTES, registry);
      for (const faults of orders) registry.fault({ kind: "blob" }, ...faults);
      using test = openTestRemote(registry);
      const got = await fetchAll(test, blob, 1000);
      assertEquals(got.offset, offset);
      assert(equalBytes(got.bytes, BYTES.subarray(offset)));
    });
  }
});

Deno.test("A connection that stands still is replaced at its byte", async () => {
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
  assertStringIncludes(reasons[0] ?? "", "bytes/s over 30 s, want at least 1024");
  assertEquals(registry.requests.of("/blobs/").map(({ range }) => range), ["", "bytes=1000-"]);
});

Deno.test("A consumer that takes hours is not a stall", async () => {
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

Deno.test("A host that stands still for good ends as stalled", async () => {
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

Deno.test("Attempts are counted anew after real progress", async () => {
  const size = 5 * MIB;
  await using registry = await startRegistry();
  const blob = await pushBlob(someBytes(size), registry);
  for (let i = 0; i < 4; i++) registry.fault({ kind: "blob" }, cutAfter(MIB));
  using test = openTestRemote(registry, { attempts: 2 });
  const got = await fetchAll(test, blob);
  assertEquals(got.bytes.length, size);
  assertEquals(got.events.map((event) => event.kind === "retry" && event.attempt), [1, 1, 1, 1]);
});

Deno.test("Failures after little progress add up", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  registry.fault({ kind: "blob", times: 9 }, cutAfter(1000));
  using test = openTestRemote(registry, { attempts: 3 });
  const error = await assertRejects(() => fetchAll(test, blob), AppError, `at byte 3000 of ${SIZE}`);
  assertEquals(error.code, "network");
});

Deno.test("A host that serves ranges piece by piece is not taken for broken", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  const pieces: Fault = (answer) => {
    const from = answer.body?.offset ?? 0;
    const to = Math.min(from + 1000, SIZE);
    return {
      ...answer,
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

Deno.test("An abort ends a read with its own reason, and nothing is asked again", async () => {
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

Deno.test("An abort for another transfer's failure is not taken for this one's", async () => {
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

Deno.test("A wrong byte passes through: the digest is the ingest's to check", async () => {
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
  registry.fault({ kind: "blob" }, headers({ "content-encoding": "x-other" }), withoutLength());
  using test = openTestRemote(registry);
  const error = await assertRejects(() => fetchAll(test, blob), AppError, 'Content-Encoding "x-other"');
  assertEquals(error.code, "unsupported");
});

Deno.test("An encoding that is only a label of the blob's own bytes is passed over", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  registry.fault({ kind: "blob" }, headers({ "content-encoding": "x-other" }));
  using test = openTestRemote(registry);
  assertEquals((await fetchAll(test, blob)).bytes.length, SIZE);
});

Deno.test("An empty blob is asked for without a range", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(new Uint8Array(0), registry);
  using test = openTestRemote(registry);
  assertEquals((await fetchAll(test, blob)).bytes.length, 0);
  assertEquals(registry.requests.of("/blobs/").map(({ range }) => range), [""]);
});
