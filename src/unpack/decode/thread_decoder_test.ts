import { assert, assertEquals, assertRejects, assertStrictEquals } from "../../../tests/assert.ts";
import { counted } from "../../../tests/threads.ts";
import { neverAborted } from "../../base/abort.ts";
import { concatBytes, MIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { hashHex } from "../../base/hash.ts";
import { NO_WORKERS, type StartWorker, workersOf } from "../../base/worker.ts";
import { DEFAULT_EXPANSION } from "../../compress/limits.ts";
import { encode } from "../../compress/test_encoder.ts";
import { OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from "../../oci/media_type.ts";
import { DECODE_INLINE, type DecodeTask, type PackedLayer } from "./decode.ts";
import type { DecodeJob } from "./decode_thread.ts";
import { ThreadDecoder } from "./thread_decoder.ts";

const startWorker = workersOf(import.meta.resolve("../../image/thread.ts"));
const MEDIA_TYPES = { gzip: OCI_LAYER_GZIP, zstd: OCI_LAYER_ZSTD, none: OCI_LAYER };
const TASK: DecodeTask = { algorithm: "sha256", limits: DEFAULT_EXPANSION };

/** Bytes that no format makes much smaller, more than the ring holds, and no multiple of anything. */
const BYTES = new Uint8Array(3 * MIB + 12_345);
let last = 1;
for (let i = 0; i < BYTES.length; i++) BYTES[i] = (last = (last * 48_271) % 0x7fffffff) % 251;
const HEX = await hashHex("sha256", BYTES);

/** A thread that only says this of each order, and is lost then. */
const losing = (...replies: readonly object[]): StartWorker => () => {
  const thread = new EventTarget();
  const postMessage = ({ id }: { readonly id: number }) =>
    queueMicrotask(() => {
      for (const reply of replies) {
        thread.dispatchEvent(new MessageEvent("message", { data: { id, ...reply } }));
      }
      thread.dispatchEvent(new Event("error"));
    });
  return Object.assign(thread, { postMessage, terminate() {} }) as unknown as Worker;
};

/** Starts threads as `start` does, and writes down each order. */
function recorded(start: StartWorker): { readonly orders: DecodeJob[]; readonly recording: StartWorker } {
  const orders: DecodeJob[] = [];
  const recording: StartWorker = (task) => {
    const worker = start(task);
    if (worker === undefined) return undefined;
    const post = worker.postMessage.bind(worker);
    return Object.assign(worker, {
      postMessage(order: DecodeJob) {
        orders.push(order);
        post(order);
      },
    });
  };
  return { orders, recording };
}

/** A blob as a file. */
class Blob implements PackedLayer, Disposable {
  readonly file: { readonly path: string; readonly size: number };
  readonly reader: Deno.FsFile;
  readonly mediaType: string;

  constructor(
    bytes: Uint8Array,
    { path, mediaType = OCI_LAYER_GZIP }: { readonly path?: string; readonly mediaType?: string } = {},
  ) {
    const own = Deno.makeTempFileSync({ prefix: "dray-decode-" });
    Deno.writeFileSync(own, bytes);
    this.reader = Deno.openSync(own);
    // An open file lives on.
    if (path !== undefined) Deno.removeSync(own);
    this.file = { path: path ?? own, size: bytes.length };
    this.mediaType = mediaType;
  }

  [Symbol.dispose](): void {
    this.reader.close();
    if (this.file.path !== MISSING) Deno.removeSync(this.file.path);
  }
}

const MISSING = "/dev/null/missing";

async function decoded(decoder: ThreadDecoder, blob: PackedLayer, task = TASK, signal = neverAborted()) {
  const chunks: Uint8Array[] = [];
  const facts = await decoder.decode(blob, task, (chunk) => void chunks.push(chunk.slice()), signal);
  return { ...facts, bytes: concatBytes(chunks) };
}

Deno.test("decode() on a thread gives the bytes, and what they hash to, of every format", async (t) => {
  const cases = (["gzip", "zstd", "none"] as const).flatMap((compression) =>
    [true, false].map((isFree) => [compression, isFree] as const)
  );
  for (const [compression, isFree] of cases) {
    await t.step(`${compression}, ${isFree ? "hashed by who has time" : "hashed there"}`, async () => {
      const packed = encode(compression, BYTES);
      using blob = new Blob(packed);
      const { orders, recording } = recorded(startWorker);
      using decoder = new ThreadDecoder(recording, { isBusy: !isFree });
      const want = { hex: HEX, bytesIn: packed.length, bytesOut: BYTES.length, bytes: BYTES };
      assertEquals(await decoded(decoder, blob), want);
      assertEquals(orders.map(({ canTakerHash }) => canTakerHash), [isFree]);
    });
  }
});

Deno.test("decode() works off layers that are wanted at the same time, gzip on two threads", async (t) => {
  const cases = [["gzip", 2], ["zstd", 1], ["none", 1]] as const;
  for (const [compression, threads] of cases) {
    await t.step(compression, async () => {
      const { counts, counting } = counted(startWorker);
      const mediaType = MEDIA_TYPES[compression];
      const starts = [0, 7, 9, BYTES.length - 1000];
      const blobs = starts.map((start) =>
        new Blob(encode(compression, BYTES.subarray(start)), { mediaType })
      );
      {
        using decoder = new ThreadDecoder(counting);
        const all = await Promise.all(blobs.map((blob) => decoded(decoder, blob)));
        assertEquals(all.map(({ bytes }) => bytes), starts.map((start) => BYTES.slice(start)));
      }
      for (const blob of blobs) blob[Symbol.dispose]();
      assertEquals(counts, { started: threads, ended: threads });
    });
  }
});

Deno.test("prepare() starts one thread, for large layers", () => {
  const cases = [[[], 0], [[MIB - 1], 0], [[MIB - 1, MIB], 1], [[MIB, MIB], 1]] as const;
  for (const [sizes, want] of cases) {
    const { counts, counting } = counted(losing());
    using decoder = new ThreadDecoder(counting);
    decoder.prepare(sizes);
    decoder.prepare(sizes);
    assertEquals(counts.started, want);
  }
});

Deno.test("decode() does with one thread while this one is busy, and with two from then on", async () => {
  const { counts, counting } = counted(startWorker);
  using blob = new Blob(encode("gzip", BYTES));
  using decoder = new ThreadDecoder(counting, { isBusy: true });
  const first = decoded(decoder, blob);
  const second = decoded(decoder, blob);
  await first;
  assertEquals(counts.started, 1);
  decoder.relieve();
  const [third, fourth] = [decoded(decoder, blob), decoded(decoder, blob)];
  for (const { bytes } of await Promise.all([second, third, fourth])) assertEquals(bytes, BYTES);
  assertEquals(counts.started, 2);
});

Deno.test("decode() has gzip and zstd on a thread each, and does with one where there is no second", async (t) => {
  for (const most of [2, 1]) {
    await t.step(`${most} to be had`, async () => {
      // Four of them: who decodes here reads a blob to its end.
      const blobs = (["gzip", "zstd", "gzip", "zstd"] as const).map((compression) =>
        new Blob(encode(compression, BYTES), { mediaType: MEDIA_TYPES[compression] })
      );
      const { counts, counting } = counted(startWorker);
      using decoder = new ThreadDecoder((task) => counts.started < most ? counting(task) : undefined);
      const all = await Promise.all(blobs.map((blob) => decoded(decoder, blob)));
      for (const { hex } of all) assertEquals(hex, HEX);
      assertEquals(counts.started, most);
      for (const blob of blobs) blob[Symbol.dispose]();
    });
  }
});

Deno.test("decode() without threads decodes one large layer after the other", async () => {
  using blob = new Blob(encode("gzip", BYTES));
  using other = new Blob(encode("gzip", BYTES));
  using decoder = new ThreadDecoder(NO_WORKERS);
  const taken: string[] = [];
  const take = (name: string) => () => void (taken.at(-1) === name || taken.push(name));
  await Promise.all([
    decoder.decode(blob, TASK, take("one"), neverAborted()),
    decoder.decode(other, TASK, take("other"), neverAborted()),
  ]);
  assertEquals(taken, ["one", "other"]);
});

Deno.test("decode() that is given up while it waits for its turn leaves the turn to others", async () => {
  using blob = new Blob(encode("zstd", BYTES), { mediaType: MEDIA_TYPES.zstd });
  using decoder = new ThreadDecoder(startWorker);
  const first = decoded(decoder, blob);
  const controller = new AbortController();
  const waiting = decoded(decoder, blob, TASK, controller.signal);
  const reason = new Error("enough");
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => waiting), reason);
  assertEquals((await first).hex, HEX);
  assertEquals((await decoded(decoder, blob)).hex, HEX);
});

Deno.test("decode() does it here if the thread was lost before, and starts no other", async () => {
  const threads: Worker[] = [];
  const start: StartWorker = (task) => {
    const thread = losing()(task);
    if (thread !== undefined) threads.push(thread);
    return thread;
  };
  using decoder = new ThreadDecoder(start);
  decoder.prepare([MIB]);
  threads[0]?.dispatchEvent(new Event("error"));
  for (let i = 0; i < 2; i++) {
    using blob = new Blob(encode("gzip", BYTES));
    assertEquals((await decoded(decoder, blob)).hex, HEX);
  }
  assertEquals(threads.length, 1);
});

Deno.test("decode() needs no thread for a small blob", async () => {
  const { counts, counting } = counted(startWorker);
  using blob = new Blob(encode("gzip", BYTES.subarray(0, 1000)));
  using decoder = new ThreadDecoder(counting);
  assertEquals((await decoded(decoder, blob)).bytesOut, 1000);
  assertEquals(counts.started, 0);
});

Deno.test("decode() refuses on a thread what it refuses here, with the same words", async (t) => {
  const damaged = encode("gzip", BYTES);
  damaged.fill(0xff, 2 * MIB, 2 * MIB + 1000);
  const limits = { ...DEFAULT_EXPANSION, unpackedBytes: 2 * MIB };
  const cases: readonly (readonly [string, Uint8Array, DecodeTask])[] = [
    ["damage", damaged, TASK],
    ["a blob that is cut", encode("gzip", BYTES).subarray(0, 2 * MIB), TASK],
    ["too many bytes", encode("zstd", BYTES), { ...TASK, limits }],
  ];
  using decoder = new ThreadDecoder(startWorker);
  for (const [name, packed, task] of cases) {
    await t.step(name, async () => {
      using here = new Blob(packed);
      using there = new Blob(packed);
      const want = await assertRejects(
        () => DECODE_INLINE.decode(here, task, () => {}, neverAborted()),
        AppError,
      );
      const got = await assertRejects(() => decoded(decoder, there, task), AppError);
      assertEquals([got.code, got.message, got.details], [want.code, want.message, want.details]);
    });
  }
  await t.step("and goes on with the next", async () => {
    using blob = new Blob(encode("gzip", BYTES));
    assertEquals((await decoded(decoder, blob)).hex, HEX);
  });
});

Deno.test("decode() uses the memory of a layer again for the next, unless the layer was given up", async () => {
  const { orders, recording } = recorded(startWorker);
  using decoder = new ThreadDecoder(recording);
  using blob = new Blob(encode("zstd", BYTES));
  const refuse = () => {
    throw new AppError("no_space", "The disk is full");
  };
  await decoded(decoder, blob);
  await decoded(decoder, blob);
  await assertRejects(() => decoder.decode(blob, TASK, refuse, neverAborted()), AppError);
  assertEquals((await decoded(decoder, blob)).hex, HEX);
  const [first, second, third, fourth] = orders.map(({ memory }) => memory);
  assertStrictEquals(second, first);
  assertStrictEquals(third, first);
  assert(fourth !== first);
});

Deno.test("decode() that is given up leaves the thread to the next", async (t) => {
  using decoder = new ThreadDecoder(startWorker);
  await t.step("by a signal", async () => {
    using blob = new Blob(encode("gzip", BYTES));
    const reason = new Error("enough");
    const controller = new AbortController();
    const take = () => controller.abort(reason);
    const error = await assertRejects(() => decoder.decode(blob, TASK, take, controller.signal));
    assertStrictEquals(error, reason);
  });
  await t.step("by who takes the bytes", async () => {
    using blob = new Blob(encode("zstd", BYTES));
    const take = () => {
      throw new AppError("no_space", "The disk is full");
    };
    const error = await assertRejects(() => decoder.decode(blob, TASK, take, neverAborted()), AppError);
    assertEquals(error.code, "no_space");
  });
  using blob = new Blob(encode("gzip", BYTES));
  assertEquals((await decoded(decoder, blob)).hex, HEX);
});

Deno.test("decode() does it here where there is no thread that can", async (t) => {
  const packed = encode("gzip", BYTES);
  const cases: readonly (readonly [string, StartWorker, string?])[] = [
    ["none", NO_WORKERS],
    ["one that fails to load", losing()],
    ["one that may not read the blob", startWorker, MISSING],
  ];
  for (const [name, start, path] of cases) {
    await t.step(name, async () => {
      using blob = new Blob(packed, path === undefined ? {} : { path });
      using decoder = new ThreadDecoder(start);
      assertEquals((await decoded(decoder, blob)).hex, HEX);
    });
  }
});

Deno.test("decode() fails if the thread is lost in the middle", async () => {
  using blob = new Blob(encode("gzip", BYTES));
  using decoder = new ThreadDecoder(losing({ kind: "chunk", length: 10, isHashed: true }));
  const error = await assertRejects(() => decoded(decoder, blob), AppError);
  assertEquals(error.code, "internal");
});
