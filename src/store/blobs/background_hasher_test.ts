import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { counted } from "../../../tests/threads.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { MIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { hashHex } from "../../base/hash.ts";
import { NO_WORKERS, type StartWorker, workersOf } from "../../base/concurrency/worker.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { makeDigest } from "../../oci/digest.ts";
import { BackgroundHasher } from "./background_hasher.ts";
import { openStore } from "../store.ts";

const startWorker = workersOf(import.meta.resolve("../../image/thread.ts"));

/** Large enough for a worker, with a size that isn't a multiple of any buffer. */
const BYTES = new Uint8Array(20 * MIB + 12_345).map((_, i) => (i * 31 + (i >> 13)) & 0xff);
const HALF = 9 * MIB + 7;
const descriptor: Descriptor = {
  mediaType: "application/vnd.oci.image.layer.v1.tar",
  digest: makeDigest("sha256", await hashHex("sha256", BYTES)),
  size: BYTES.length,
};

/** A worker that fails every job. */
const FAILING = `data:text/javascript,${
  encodeURIComponent(
    'onmessage = ({ data: { id, kind } }) => kind === "end" && postMessage({ id, failure: "no" });',
  )
}`;

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "dray-hasher-" });
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("BackgroundHasher hashes several growing files on one worker and ends it after the last", () =>
  inDirectory(async (directory) => {
    const { counts, counting } = counted(startWorker);
    const hasher = new BackgroundHasher(counting);
    const files = ["a", "b"].map((name, i) => {
      const path = `${directory}/${name}`;
      return { path, bytes: BYTES.subarray(i * 1000, 3 * MIB), hash: hasher.begin(path, "sha256") };
    });
    for (const { path, bytes, hash } of files) {
      assert(hash !== undefined);
      for (let offset = 0; offset < bytes.length; offset += MIB) {
        Deno.writeFileSync(path, bytes.subarray(offset, offset + MIB), { append: true });
        hash.grow(Math.min(offset + MIB, bytes.length));
      }
    }
    for (const { bytes, hash } of files) {
      assertEquals(await hash?.end(bytes.length), await hashHex("sha256", bytes.slice()));
      hash?.[Symbol.dispose]();
    }
    assertEquals(counts, { started: 1, ended: 1 });
  }));

Deno.test("BackgroundHasher returns no hash of a file that is missing or shorter than reported", () =>
  inDirectory(async (directory) => {
    const hasher = new BackgroundHasher(startWorker);
    Deno.writeFileSync(`${directory}/short`, BYTES.subarray(0, 10));
    using short = hasher.begin(`${directory}/short`, "sha256");
    using missing = hasher.begin(`${directory}/missing`, "sha256");
    assertEquals(await short?.end(11), undefined);
    assertEquals(await missing?.end(1), undefined);
  }));

Deno.test("BackgroundHasher returns undefined without threads", () => {
  assertEquals(new BackgroundHasher(NO_WORKERS).begin("/nowhere", "sha256"), undefined);
});

Deno.test("a blob that a worker hashes is committed, rejected and resumed like any other", async (t) => {
  const threads: readonly (readonly [string, StartWorker])[] = [
    ["on a worker", startWorker],
    ["without threads", NO_WORKERS],
    ["on a worker that fails", () => new Worker(FAILING, { type: "module" })],
  ];
  for (const [name, start] of threads) {
    await t.step(`${name}: committed`, () =>
      inDirectory(async (directory) => {
        const { counts, counting } = counted(start);
        const store = await openStore(directory, { startWorker: counting });
        await using ingest = await store.beginIngest(descriptor, neverAborted());
        ingest?.write(BYTES);
        await ingest?.commit();
        assertEquals((await store.findBlob(descriptor.digest))?.size, BYTES.length);
        assertEquals(counts.started, counts.ended);
        assertEquals(counts.started, start === NO_WORKERS ? 0 : 1);
      }));
    await t.step(`${name}: resumed`, () =>
      inDirectory(async (directory) => {
        const store = await openStore(directory, { startWorker: start });
        {
          await using ingest = await store.beginIngest(descriptor, neverAborted());
          ingest?.write(BYTES.subarray(0, HALF));
        }
        await using ingest = await store.beginIngest(descriptor, neverAborted());
        assertEquals(ingest?.offset, HALF);
        ingest?.write(BYTES.subarray(HALF));
        await ingest?.commit();
        assertEquals((await store.findBlob(descriptor.digest))?.size, BYTES.length);
      }));
    await t.step(`${name}: rejected, and committed after a restart`, () =>
      inDirectory(async (directory) => {
        const store = await openStore(directory, { startWorker: start });
        await using ingest = await store.beginIngest(descriptor, neverAborted());
        const wrong = BYTES.slice();
        wrong[HALF] = (wrong[HALF] ?? 0) ^ 1;
        ingest?.write(wrong);
        const error = await assertRejects(() => ingest?.commit() ?? Promise.resolve(), AppError);
        assertEquals(error.code, "digest_mismatch");
        assertEquals(await store.findBlob(descriptor.digest), undefined);
        assertEquals(ingest?.offset, 0);
        ingest?.write(BYTES);
        await ingest?.commit();
        assertEquals((await store.findBlob(descriptor.digest))?.size, BYTES.length);
      }));
    await t.step(`${name}: aborted`, () =>
      inDirectory(async (directory) => {
        const { counts, counting } = counted(start);
        const store = await openStore(directory, { startWorker: counting });
        const ingest = await store.beginIngest(descriptor, neverAborted());
        ingest?.write(BYTES.subarray(0, HALF));
        await ingest?.abort();
        assertEquals(counts.started, counts.ended);
      }));
  }
});
