import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { counted } from "../../../tests/threads.ts";
import { neverAborted } from "../../base/abort.ts";
import { MIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { hashHex } from "../../base/hash.ts";
import { NO_WORKERS, type StartWorker, workersOf } from "../../base/worker.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { makeDigest } from "../../oci/digest.ts";
import { BackgroundHasher } from "./background_hasher.ts";
import { openStore } from "../store.ts";

const startWorker = workersOf(import.meta.resolve("../../image/thread.ts"));

/** Long enough for a thread, and no multiple of anything. */
const BYTES = new Uint8Array(20 * MIB + 12_345).map((_, i) => (i * 31 + (i >> 13)) & 0xff);
const HALF = 9 * MIB + 7;
const descriptor: Descriptor = {
  mediaType: "application/vnd.oci.image.layer.v1.tar",
  digest: makeDigest("sha256", await hashHex("sha256", BYTES)),
  size: BYTES.length,
};

/** A thread that can hash nothing. */
const FAILING = `data:text/javascript,${
  encodeURIComponent(
    'onmessage = ({ data: { id, what } }) => what === "end" && postMessage({ id, failure: "no" });',
  )
}`;

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "dray-follower-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("follow() hashes files that grow, each by itself, and ends its thread with the last", () =>
  inFolder(async (folder) => {
    const { counts, counting } = counted(startWorker);
    const follower = new BackgroundHasher(counting);
    const files = ["a", "b"].map((name, i) => {
      const path = `${folder}/${name}`;
      return { path, bytes: BYTES.subarray(i * 1000, 3 * MIB), followed: follower.follow(path, "sha256") };
    });
    for (const { path, bytes, followed } of files) {
      assert(followed !== undefined);
      for (let at = 0; at < bytes.length; at += MIB) {
        Deno.writeFileSync(path, bytes.subarray(at, at + MIB), { append: true });
        followed.grow(Math.min(at + MIB, bytes.length));
      }
    }
    for (const { bytes, followed } of files) {
      assertEquals(await followed?.end(bytes.length), await hashHex("sha256", bytes.slice()));
      followed?.[Symbol.dispose]();
    }
    assertEquals(counts, { started: 1, ended: 1 });
  }));

Deno.test("follow() gives no hash of a file that is shorter than it was told, or not there", () =>
  inFolder(async (folder) => {
    const follower = new BackgroundHasher(startWorker);
    Deno.writeFileSync(`${folder}/short`, BYTES.subarray(0, 10));
    using short = follower.follow(`${folder}/short`, "sha256");
    using missing = follower.follow(`${folder}/missing`, "sha256");
    assertEquals(await short?.end(11), undefined);
    assertEquals(await missing?.end(1), undefined);
  }));

Deno.test("follow() gives undefined where there are no threads", () => {
  assertEquals(new BackgroundHasher(NO_WORKERS).follow("/nowhere", "sha256"), undefined);
});

Deno.test("a blob that a thread hashes is committed, refused and gone on from like any other", async (t) => {
  const threads: readonly (readonly [string, StartWorker])[] = [
    ["on a thread", startWorker],
    ["without threads", NO_WORKERS],
    ["on a thread that fails", () => new Worker(FAILING, { type: "module" })],
  ];
  for (const [name, start] of threads) {
    await t.step(`${name}: committed`, () =>
      inFolder(async (folder) => {
        const { counts, counting } = counted(start);
        const store = await openStore(folder, { startWorker: counting });
        await using ingest = await store.beginIngest(descriptor, neverAborted());
        ingest?.write(BYTES);
        await ingest?.commit();
        assertEquals((await store.findBlob(descriptor.digest))?.size, BYTES.length);
        assertEquals(counts.started, counts.ended);
        assertEquals(counts.started, start === NO_WORKERS ? 0 : 1);
      }));
    await t.step(`${name}: gone on from`, () =>
      inFolder(async (folder) => {
        const store = await openStore(folder, { startWorker: start });
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
    await t.step(`${name}: refused, and good after a restart`, () =>
      inFolder(async (folder) => {
        const store = await openStore(folder, { startWorker: start });
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
    await t.step(`${name}: given up`, () =>
      inFolder(async (folder) => {
        const { counts, counting } = counted(start);
        const store = await openStore(folder, { startWorker: counting });
        const ingest = await store.beginIngest(descriptor, neverAborted());
        ingest?.write(BYTES.subarray(0, HALF));
        await ingest?.abort();
        assertEquals(counts.started, counts.ended);
      }));
  }
});
