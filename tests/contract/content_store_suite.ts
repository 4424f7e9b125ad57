/**
 * The contract of `content/store.ts`, as tests that run on every store.
 *
 * @module
 */
import { neverAborted } from "../../src/base/concurrency/abort.ts";
import { isCode } from "../../src/base/errors.ts";
import type { ImageStore } from "../../src/content/image_store.ts";
import type { StoreMaintenance } from "../../src/content/maintenance.ts";
import type { ContentStore, Ingest } from "../../src/content/store.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import {
  assert,
  assertEquals,
  assertExists,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "../assert.ts";
import { addSample, sampleOf } from "./samples.ts";

/** Everything that a store can do. */
export interface WholeStore extends ContentStore, ImageStore, StoreMaintenance {}

/** A new store to test. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: WholeStore;
  /**
   * Opens the same content again, as another process would. Returns the same object if that isn't possible.
   */
  reopen(): Promise<WholeStore>;
}

/** Creates an empty store. */
export type StoreFactory = () => Promise<StoreUnderTest>;

/** Begins an ingest of a blob that must not be stored yet. */
export async function begin(store: ContentStore, descriptor: Descriptor): Promise<Ingest> {
  const ingest = await store.beginIngest(descriptor, neverAborted());
  assertExists(ingest);
  return ingest;
}

/** Asserts that a promise fails with a code. */
export async function assertFails(
  promise: Promise<unknown>,
  code: Parameters<typeof isCode>[1],
): Promise<Error> {
  const error = await assertRejects(() => promise, Error);
  assert(isCode(error, code), `want ${code}, got: ${error.message}`);
  return error;
}

/** Collects the items of an iterable. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The permissions that a store may need: no environment, no network, no system information. */
export const STORE_PERMISSIONS: Deno.PermissionOptions = { read: true, write: true };

/** Sizes on both sides of the thresholds of a store, and the sizes of the chunks to write. */
const SIZES: readonly (readonly [size: number, chunk: number])[] = [
  [0, 1],
  [1, 1],
  [1000, 300],
  [256 * 1024, 256 * 1024],
  [256 * 1024 + 1, 100_000],
  [1_000_000, 1_000_000],
];

/** Runs all pending work until it waits for an external event. */
async function getInLine(store: ContentStore): Promise<void> {
  await store.findBlob((await sampleOf(1)).descriptor.digest);
}

/** Registers the tests of blobs and ingests. */
export function testContentStore(name: string, open: StoreFactory): void {
  const rule = (text: string, run: (store: WholeStore, under: StoreUnderTest) => Promise<void>) =>
    Deno.test({
      name: `${name}: ${text}`,
      permissions: STORE_PERMISSIONS,
      fn: async () => {
        await using under = await open();
        await run(under.store, under);
      },
    });

  rule("a committed blob is found, opened and read", async (store, under) => {
    for (const [size, chunk] of SIZES) {
      const { bytes, descriptor } = await sampleOf(size);
      const { digest } = descriptor;
      assertEquals(await store.findBlob(digest), undefined);
      {
        await using ingest = await begin(store, descriptor);
        assertEquals(ingest.offset, 0);
        assertEquals(ingest.descriptor, descriptor);
        for (let at = 0; at < size; at += chunk) ingest.write(bytes.subarray(at, at + chunk));
        assertEquals(ingest.offset, size);
        assertEquals(await store.findBlob(digest), undefined, "the blob is not visible before the commit");
        await ingest.commit();
      }
      for (const reader of [store, await under.reopen()]) {
        assertEquals((await reader.findBlob(digest))?.size, size);
        assertEquals(await reader.readBlob(digest, size), bytes);
      }
      assertEquals(await collect(store.listIngests()), [], "nothing is left beside the blob");
    }
    assertEquals((await collect(store.listBlobs())).length, SIZES.length);
  });

  rule("blobs of every algorithm", async (store) => {
    for (const algorithm of ["sha256", "sha384", "sha512"] as const) {
      for (const size of [10, 300_000, 3_000_000]) {
        const sample = await sampleOf(size, 1, algorithm);
        await addSample(store, sample);
        assertEquals(await store.readBlob(sample.descriptor.digest, size), sample.bytes);
      }
    }
  });

  rule("a missing blob is not found, and one over the limit is refused", async (store) => {
    const sample = await sampleOf(100);
    const { digest } = sample.descriptor;
    await assertFails(store.openBlob(digest), "not_found");
    await assertFails(store.readBlob(digest, 100), "not_found");
    await addSample(store, sample);
    await assertFails(store.readBlob(digest, 99), "limit_exceeded");
    assertEquals((await store.readBlob(digest, 100)).length, 100);
  });

  rule("an open blob is read in pieces, and twice in parallel", async (store) => {
    const sample = await sampleOf(100);
    await addSample(store, sample);
    using one = await store.openBlob(sample.descriptor.digest);
    using two = await store.openBlob(sample.descriptor.digest);
    assertEquals(one.size, 100);
    const buffer = new Uint8Array(60);
    assertEquals(await one.read(buffer), 60);
    assertEquals(await two.read(buffer), 60);
    assertEquals(await one.read(buffer), 40);
    assertEquals(buffer.subarray(0, 40), sample.bytes.subarray(60));
    assertEquals(await one.read(buffer), null);
  });

  rule("beginning an ingest of a committed blob returns nothing to write", async (store, under) => {
    const sample = await sampleOf(100);
    await addSample(store, sample);
    for (const writer of [store, await under.reopen()]) {
      assertEquals(await writer.beginIngest(sample.descriptor, neverAborted()), undefined);
    }
  });

  rule("a descriptor whose size differs from the committed blob is refused", async (store) => {
    const sample = await sampleOf(100);
    await addSample(store, sample);
    const wrong = { ...sample.descriptor, size: 99 };
    await assertFails(store.beginIngest(wrong, neverAborted()), "size_mismatch");
  });

  for (const size of [1000, 600_000, 3_000_000]) {
    const half = size / 2;

    rule(`a partial of ${size} bytes is resumed`, async (store, under) => {
      const { bytes, descriptor } = await sampleOf(size);
      {
        await using ingest = await begin(store, descriptor);
        ingest.write(bytes.subarray(0, half));
      }
      const [status] = await collect(store.listIngests());
      assertEquals([status?.digest, status?.offset, status?.size], [descriptor.digest, half, size]);
      assert(status !== undefined && Math.abs(Date.now() - status.updatedAt) < 60_000);
      await using ingest = await begin(await under.reopen(), descriptor);
      assertEquals(ingest.offset, half);
      ingest.write(bytes.subarray(half));
      await ingest.commit();
      assertEquals(await store.readBlob(descriptor.digest, size), bytes);
    });

    rule(`a complete partial of ${size} bytes only needs a commit`, async (store, under) => {
      const { bytes, descriptor } = await sampleOf(size);
      {
        await using ingest = await begin(store, descriptor);
        ingest.write(bytes);
      }
      await using ingest = await begin(await under.reopen(), descriptor);
      assertEquals(ingest.offset, size);
      await ingest.commit();
      assertEquals(await store.readBlob(descriptor.digest, size), bytes);
    });

    rule(
      `a wrong partial of ${size} bytes is discarded, and the next ingest succeeds`,
      async (store, under) => {
        const { bytes, descriptor } = await sampleOf(size);
        {
          await using ingest = await begin(store, descriptor);
          ingest.write(new Uint8Array(half));
        }
        await using ingest = await begin(await under.reopen(), descriptor);
        ingest.write(bytes.subarray(ingest.offset));
        await assertFails(ingest.commit(), "digest_mismatch");
        assertEquals(ingest.offset, 0);
        assertEquals(await store.findBlob(descriptor.digest), undefined);
        ingest.write(bytes);
        await ingest.commit();
        assertEquals(await store.readBlob(descriptor.digest, size), bytes);
      },
    );

    rule(
      `a partial of ${size} bytes with another expected size restarts from byte 0`,
      async (store, under) => {
        const { bytes, descriptor } = await sampleOf(size);
        {
          await using ingest = await begin(store, { ...descriptor, size: size + 1 });
          ingest.write(bytes.subarray(0, half));
        }
        const reopened = await under.reopen();
        await using ingest = await begin(reopened, descriptor);
        assertEquals(ingest.offset, 0);
        ingest.write(bytes);
        await ingest.commit();
        assertEquals(await collect(reopened.listIngests()), []);
      },
    );

    rule(`an ingest of ${size} bytes restarts in the middle`, async (store) => {
      const { bytes, descriptor } = await sampleOf(size);
      await using ingest = await begin(store, descriptor);
      ingest.write(new Uint8Array(half));
      ingest.restart();
      assertEquals(ingest.offset, 0);
      ingest.write(bytes);
      await ingest.commit();
      assertEquals(await store.readBlob(descriptor.digest, size), bytes);
    });
  }

  rule("excess bytes are refused, and nothing is kept", async (store) => {
    const { bytes, descriptor } = await sampleOf(100);
    await using ingest = await begin(store, descriptor);
    ingest.write(bytes.subarray(0, 60));
    const error = assertThrows(() => ingest.write(new Uint8Array(41)), Error);
    assert(isCode(error, "size_mismatch"));
    assertEquals(ingest.offset, 60);
    ingest.write(bytes.subarray(60));
    await ingest.commit();
  });

  rule(
    "too few bytes are a size mismatch, and the bytes of another blob a digest mismatch",
    async (store) => {
      const { bytes, descriptor } = await sampleOf(100);
      await using ingest = await begin(store, descriptor);
      ingest.write(bytes.subarray(0, 99));
      await assertFails(ingest.commit(), "size_mismatch");
      assertEquals(ingest.offset, 0);
      ingest.write(new Uint8Array(100));
      await assertFails(ingest.commit(), "digest_mismatch");
      assertEquals(ingest.offset, 0);
      assertEquals(await collect(store.listBlobs()), []);
    },
  );

  rule("the caller may change the bytes after a write", async (store) => {
    const { bytes, descriptor } = await sampleOf(100);
    await using ingest = await begin(store, descriptor);
    const buffer = new Uint8Array(50);
    for (const at of [0, 50]) {
      buffer.set(bytes.subarray(at, at + 50));
      ingest.write(buffer);
      buffer.fill(0);
    }
    await ingest.commit();
    assertEquals(await store.readBlob(descriptor.digest, 100), bytes);
  });

  rule("aborting discards the partial, and so does an ingest without a byte", async (store) => {
    const { bytes, descriptor } = await sampleOf(100);
    {
      await using ingest = await begin(store, descriptor);
      ingest.write(bytes.subarray(0, 50));
      await ingest.abort();
      await ingest.abort();
    }
    await (await begin(store, descriptor))[Symbol.asyncDispose]();
    assertEquals(await collect(store.listIngests()), []);
    await using ingest = await begin(store, descriptor);
    assertEquals(ingest.offset, 0);
  });

  rule("a closed ingest accepts no more bytes", async (store) => {
    for (const end of ["commit", "abort"] as const) {
      const { bytes, descriptor } = await sampleOf(100, end.length);
      await using ingest = await begin(store, descriptor);
      ingest.write(bytes);
      await ingest[end]();
      assertThrows(() => ingest.write(new Uint8Array(0)), Error);
      await assertFails(ingest.commit(), "internal");
      await assertFails(Promise.resolve().then(() => ingest.restart()), "internal");
      await ingest.abort();
      assertEquals(await store.findBlob(descriptor.digest) !== undefined, end === "commit");
    }
  });

  rule("a second writer waits, and has nothing to write once the first commits", async (store, under) => {
    const { bytes, descriptor } = await sampleOf(100);
    for (const other of [store, await under.reopen()]) {
      await store.removeBlob(descriptor.digest);
      const first = await begin(store, descriptor);
      const second = other.beginIngest(descriptor, neverAborted());
      await getInLine(store);
      first.write(bytes);
      await first.commit();
      await first[Symbol.asyncDispose]();
      assertEquals(await second, undefined);
    }
  });

  rule("a second writer takes over after the first closes or aborts", async (store, under) => {
    const { bytes, descriptor } = await sampleOf(100);
    for (const other of [store, await under.reopen()]) {
      for (const [end, offset] of [["leave", 60], ["abort", 0]] as const) {
        const first = await begin(store, descriptor);
        const waiting = other.beginIngest(descriptor, neverAborted());
        await getInLine(store);
        first.write(bytes.subarray(0, 60));
        if (end === "abort") await first.abort();
        await first[Symbol.asyncDispose]();
        await using second = await waiting;
        assertEquals(second?.offset, offset);
        second?.write(bytes.subarray(offset));
        await second?.commit();
        assertEquals(await store.readBlob(descriptor.digest, 100), bytes);
        await store.removeBlob(descriptor.digest);
      }
    }
  });

  rule("a waiting writer stops at its signal without an effect on the first", async (store) => {
    const { bytes, descriptor } = await sampleOf(100);
    await using first = await begin(store, descriptor);
    const controller = new AbortController();
    const second = store.beginIngest(descriptor, controller.signal);
    const reason = new Error("enough");
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => second, Error), reason);
    first.write(bytes);
    await first.commit();
    const error = await assertRejects(() => store.beginIngest(descriptor, controller.signal), Error);
    assertStrictEquals(error, reason);
  });

  rule("many writers of one blob create it once", async (store, under) => {
    const { bytes, descriptor } = await sampleOf(5000);
    const stores = [store, await under.reopen()];
    const created = await Promise.all(Array.from({ length: 20 }, async (_, i) => {
      const writer = stores[i % 2] ?? store;
      await using ingest = await writer.beginIngest(descriptor, neverAborted());
      ingest?.write(bytes);
      await ingest?.commit();
      return ingest !== undefined;
    }));
    assertEquals(created.filter((one) => one).length, 1);
    assertEquals(await collect(store.listIngests()), []);
  });

  rule("many blobs in parallel", async (store) => {
    const samples = await Promise.all(Array.from({ length: 40 }, (_, i) => sampleOf(2000 + i, i)));
    await Promise.all(samples.map((sample) => addSample(store, sample)));
    assertEquals((await collect(store.listBlobs())).length, 40);
    for (const { bytes, descriptor } of samples) {
      assertEquals(await store.readBlob(descriptor.digest, descriptor.size), bytes);
    }
  });
}
