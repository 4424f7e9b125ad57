import { assert, assertEquals, assertRejects, assertStrictEquals } from "../../../tests/assert.ts";
import { counted } from "../../../tests/threads.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { concatBytes, MIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { hashHex } from "../../base/hash.ts";
import { NO_WORKERS, type StartWorker, workersOf } from "../../base/concurrency/worker.ts";
import { DEFAULT_EXPANSION } from "../../compress/limits.ts";
import { encode } from "../../compress/test_encoder.ts";
import { OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from "../../oci/media_type.ts";
import { DECODE_INLINE, type DecodeTask, type PackedLayer } from "./decode.ts";
import type { DecodeJob } from "./decode_thread.ts";
import { ThreadDecoder } from "./thread_decoder.ts";

const startWorker = workersOf(import.meta.resolve("../../image/thread.ts"));
const MEDIA_TYPES = { gzip: OCI_LAYER_GZIP, zstd: OCI_LAYER_ZSTD, none: OCI_LAYER };
const TASK: DecodeTask = { algorithm: "sha256", limits: DEFAULT_EXPANSION };

/** Bytes that compress little, more than the ring holds, and not a multiple of a buffer size. */
const BYTES = new Uint8Array(3 * MIB + 12_345);
let last = 1;
for (let i = 0; i < BYTES.length; i++) BYTES[i] = (last = (last * 48_271) % 0x7fffffff) % 251;
const HEX = await hashHex("sha256", BYTES);

/** Starts a thread that sends these replies to each job, and then ends. */
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

/** Wraps `start` so that it records each job. */
function recorded(start: StartWorker): { readonly jobs: DecodeJob[]; readonly recording: StartWorker } {
  const jobs: DecodeJob[] = [];
  const recording: StartWorker = (task) => {
    const worker = start(task);
    if (worker === undefined) return undefined;
    const post = worker.postMessage.bind(worker);
    return Object.assign(worker, {
      postMessage(job: DecodeJob) {
        jobs.push(job);
        post(job);
      },
    });
  };
  return { jobs, recording };
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
    const temporary = Deno.makeTempFileSync({ prefix: "dray-decode-" });
    Deno.writeFileSync(temporary, bytes);
    this.reader = Deno.openSync(temporary);
    // The open file can still be read.
    if (path !== undefined) Deno.removeSync(temporary);
    this.file = { path: path ?? temporary, size: bytes.length };
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
  const decoded = await decoder.decode(blob, task, (chunk) => void chunks.push(chunk.slice()), signal);
  return { ...decoded, bytes: concatBytes(chunks) };
}

Deno.test("decode() on a thread returns bytes and hash for every format", async (t) => {
  const cases = (["gzip", "zstd", "none"] as const).flatMap((compression) =>
    [true, false].map((isFree) => [compression, isFree] as const)
  );
  for (const [compression, isFree] of cases) {
    await t.step(
      `${compression}, ${isFree ? "hashed by either thread" : "hashed by the worker"}`,
      async () => {
        const packed = encode(compression, BYTES);
        using blob = new Blob(packed);
        const { jobs, recording } = recorded(startWorker);
        using decoder = new ThreadDecoder(recording, { isBusy: !isFree });
        const want = { hex: HEX, bytesIn: packed.length, bytesOut: BYTES.length, bytes: BYTES };
        assertEquals(await decoded(decoder, blob), want);
        assertEquals(jobs.map(({ canReceiverHash }) => canReceiverHash), [isFree]);
      },
    );
  }
});

Deno.test("decode() decodes parallel layers, gzip on two threads", async (t) => {
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

Deno.test("decode() uses one thread while the calling thread is busy, then two", async () => {
  const { counts, counting } = counted(startWorker);
  using blob = new Blob(encode("gzip", BYTES));
  using decoder = new ThreadDecoder(counting, { isBusy: true });
  const first = decoded(decoder, blob);
  const second = decoded(decoder, blob);
  await first;
  assertEquals(counts.started, 1);
  decoder.release();
  const [third, fourth] = [decoded(decoder, blob), decoded(decoder, blob)];
  for (const { bytes } of await Promise.all([second, third, fourth])) assertEquals(bytes, BYTES);
  assertEquals(counts.started, 2);
});

Deno.test("decode() uses one thread each for gzip and zstd, or one for both if no second can be started", async (t) => {
  for (const most of [2, 1]) {
    await t.step(`${most} threads`, async () => {
      // One blob per call, because decoding on the calling thread reads it to its end.
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

Deno.test("decode() without threads decodes large layers one after the other", async () => {
  using blob = new Blob(encode("gzip", BYTES));
  using other = new Blob(encode("gzip", BYTES));
  using decoder = new ThreadDecoder(NO_WORKERS);
  const order: string[] = [];
  const onChunk = (name: string) => () => void (order.at(-1) === name || order.push(name));
  await Promise.all([
    decoder.decode(blob, TASK, onChunk("one"), neverAborted()),
    decoder.decode(other, TASK, onChunk("other"), neverAborted()),
  ]);
  assertEquals(order, ["one", "other"]);
});

Deno.test("decode() that is aborted while it waits gives its slot to others", async () => {
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

Deno.test("decode() uses the calling thread after a thread was lost, and starts no other", async () => {
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

Deno.test("decode() starts no thread for a small blob", async () => {
  const { counts, counting } = counted(startWorker);
  using blob = new Blob(encode("gzip", BYTES.subarray(0, 1000)));
  using decoder = new ThreadDecoder(counting);
  assertEquals((await decoded(decoder, blob)).bytesOut, 1000);
  assertEquals(counts.started, 0);
});

Deno.test("decode() reports the same errors on a thread as on the calling thread", async (t) => {
  const damaged = encode("gzip", BYTES);
  damaged.fill(0xff, 2 * MIB, 2 * MIB + 1000);
  const limits = { ...DEFAULT_EXPANSION, unpackedBytes: 2 * MIB };
  const cases: readonly (readonly [string, Uint8Array, DecodeTask])[] = [
    ["corrupt data", damaged, TASK],
    ["a truncated blob", encode("gzip", BYTES).subarray(0, 2 * MIB), TASK],
    ["too many bytes", encode("zstd", BYTES), { ...TASK, limits }],
  ];
  using decoder = new ThreadDecoder(startWorker);
  for (const [name, packed, task] of cases) {
    await t.step(name, async () => {
      using inline = new Blob(packed);
      using threaded = new Blob(packed);
      const want = await assertRejects(
        () => DECODE_INLINE.decode(inline, task, () => {}, neverAborted()),
        AppError,
      );
      const got = await assertRejects(() => decoded(decoder, threaded, task), AppError);
      assertEquals([got.code, got.message, got.details], [want.code, want.message, want.details]);
    });
  }
  await t.step("and decodes the next layer", async () => {
    using blob = new Blob(encode("gzip", BYTES));
    assertEquals((await decoded(decoder, blob)).hex, HEX);
  });
});

Deno.test("decode() reuses the ring for the next layer, except after an error", async () => {
  const { jobs, recording } = recorded(startWorker);
  using decoder = new ThreadDecoder(recording);
  using blob = new Blob(encode("zstd", BYTES));
  const refuse = () => {
    throw new AppError("no_space", "The disk is full");
  };
  await decoded(decoder, blob);
  await decoded(decoder, blob);
  await assertRejects(() => decoder.decode(blob, TASK, refuse, neverAborted()), AppError);
  assertEquals((await decoded(decoder, blob)).hex, HEX);
  const [first, second, third, fourth] = jobs.map(({ buffer }) => buffer);
  assertStrictEquals(second, first);
  assertStrictEquals(third, first);
  assert(fourth !== first);
});

Deno.test("decode() that fails leaves the thread to the next layer", async (t) => {
  using decoder = new ThreadDecoder(startWorker);
  await t.step("by an abort", async () => {
    using blob = new Blob(encode("gzip", BYTES));
    const reason = new Error("enough");
    const controller = new AbortController();
    const onChunk = () => controller.abort(reason);
    const error = await assertRejects(() => decoder.decode(blob, TASK, onChunk, controller.signal));
    assertStrictEquals(error, reason);
  });
  await t.step("by an error of the receiver", async () => {
    using blob = new Blob(encode("zstd", BYTES));
    const onChunk = () => {
      throw new AppError("no_space", "The disk is full");
    };
    const error = await assertRejects(() => decoder.decode(blob, TASK, onChunk, neverAborted()), AppError);
    assertEquals(error.code, "no_space");
  });
  using blob = new Blob(encode("gzip", BYTES));
  assertEquals((await decoded(decoder, blob)).hex, HEX);
});

Deno.test("decode() uses the calling thread if no thread can decode", async (t) => {
  const packed = encode("gzip", BYTES);
  const cases: readonly (readonly [string, StartWorker, string?])[] = [
    ["no threads", NO_WORKERS],
    ["a thread that fails to load", losing()],
    ["a thread that can't read the blob", startWorker, MISSING],
  ];
  for (const [name, start, path] of cases) {
    await t.step(name, async () => {
      using blob = new Blob(packed, path === undefined ? {} : { path });
      using decoder = new ThreadDecoder(start);
      assertEquals((await decoded(decoder, blob)).hex, HEX);
    });
  }
});

Deno.test("decode() fails if the thread is lost after a chunk", async () => {
  using blob = new Blob(encode("gzip", BYTES));
  using decoder = new ThreadDecoder(losing({ kind: "chunk", length: 10, isHashed: true }));
  const error = await assertRejects(() => decoded(decoder, blob), AppError);
  assertEquals(error.code, "internal");
});
