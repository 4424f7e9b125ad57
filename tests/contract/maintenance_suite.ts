/**
 * The contracts of `content/image_store.ts` and `content/maintenance.ts`, as tests that run on every store.
 *
 * @module
 */
import { neverAborted } from "../../src/base/concurrency/abort.ts";
import type { ImageRecord } from "../../src/content/image_store.ts";
import { assert, assertEquals, assertExists, assertRejects, assertStrictEquals } from "../assert.ts";
import {
  assertFails,
  begin,
  collect,
  STORE_PERMISSIONS,
  type StoreFactory,
  type StoreUnderTest,
  type WholeStore,
} from "./content_store_suite.ts";
import { recordOf, variousRecords } from "./records.ts";
import { addSample, sampleOf } from "./samples.ts";

/** Registers the tests of records and of maintenance. */
export function testStoreMaintenance(name: string, open: StoreFactory): void {
  const rule = (text: string, run: (store: WholeStore, under: StoreUnderTest) => Promise<void>) =>
    Deno.test({
      name: `${name}: ${text}`,
      permissions: STORE_PERMISSIONS,
      fn: async () => {
        await using under = await open();
        await run(under.store, under);
      },
    });
  const set = (store: WholeStore, records: readonly ImageRecord[]) =>
    store.updateImages(() => records, neverAborted());

  rule("records are returned unchanged, sorted by name", async (store, under) => {
    assertEquals(await store.listImages(), []);
    const records = variousRecords();
    assertEquals(await set(store, [...records].reverse()), records);
    for (const reader of [store, await under.reopen()]) assertEquals(await reader.listImages(), records);
  });

  rule("a change sees the newest records by name, and removes those that it omits", async (store, under) => {
    const [a, b] = variousRecords();
    assert(a !== undefined && b !== undefined);
    await set(await under.reopen(), [a, b]);
    const after = await store.updateImages((records) => {
      assertEquals([...records.keys()], [a.name, b.name]);
      assertEquals(records.get(a.name), a);
      return [{ ...a, pinned: true }];
    }, neverAborted());
    assertEquals(after, [{ ...a, pinned: true }]);
    assertEquals(await store.listImages(), after);
    assertEquals(await (await under.reopen()).listImages(), after);
  });

  rule("a change that throws changes nothing, and releases the lock", async (store) => {
    const records = variousRecords();
    await set(store, records);
    const reason = new Error("no");
    const failing = store.updateImages(() => {
      throw reason;
    }, neverAborted());
    assertStrictEquals(await assertRejects(() => failing, Error), reason);
    const [first] = records;
    assertExists(first);
    await assertFails(set(store, [first, first]), "internal");
    assertEquals(await store.listImages(), records);
    assertEquals(await set(store, []), []);
  });

  rule("parallel changes lose nothing", async (store, under) => {
    const stores = [store, await under.reopen()];
    await Promise.all(Array.from({ length: 20 }, (_, i) =>
      (stores[i % 2] ?? store).updateImages(
        (records) => [...records.values(), recordOf(`docker.io/library/x:${String(i).padStart(2, "0")}`)],
        neverAborted(),
      )));
    assertEquals((await store.listImages()).length, 20);
  });

  rule("an update stops at its signal", async (store) => {
    const reason = new Error("enough");
    const update = store.updateImages(() => [], AbortSignal.abort(reason));
    assertStrictEquals(await assertRejects(() => update, Error), reason);
  });

  rule("a removed blob is gone, and removing it again succeeds", async (store) => {
    const sample = await sampleOf(100);
    await addSample(store, sample);
    await store.removeBlob(sample.descriptor.digest);
    await store.removeBlob(sample.descriptor.digest);
    assertEquals(await collect(store.listBlobs()), []);
    await addSample(store, sample);
    assertEquals((await collect(store.listBlobs())).map(({ digest }) => digest), [sample.descriptor.digest]);
  });

  rule("an unfinished write is removed unless a writer has it open", async (store, under) => {
    const { bytes, descriptor } = await sampleOf(1000);
    {
      await using ingest = await begin(store, descriptor);
      ingest.write(bytes.subarray(0, 10));
      assertEquals(await store.removeIngest(descriptor.digest), false);
      assertEquals(await (await under.reopen()).removeIngest(descriptor.digest), false);
      assertEquals((await collect(store.listIngests())).length, 1);
    }
    assertEquals(await store.removeIngest(descriptor.digest), true);
    assertEquals(await collect(store.listIngests()), []);
    assertEquals(await store.removeIngest(descriptor.digest), true);
  });

  rule("a replacement swaps a blob only when it is committed", async (store, under) => {
    const { bytes, descriptor } = await sampleOf(1000);
    await addSample(store, { bytes, descriptor });
    {
      await using left = await store.beginReplacement(descriptor, neverAborted());
      left.write(bytes.subarray(0, 500));
    }
    assertEquals((await collect(store.listIngests())).map(({ offset }) => offset), [500]);
    assertEquals((await store.findBlob(descriptor.digest))?.size, 1000);
    await using again = await (await under.reopen()).beginReplacement(descriptor, neverAborted());
    assertEquals(again.offset, 500);
    again.write(bytes.subarray(500));
    await again.commit();
    assertEquals(await collect(store.listIngests()), []);
    assertEquals(await store.readBlob(descriptor.digest, 1000), bytes);
  });

  rule("a sweep sees what any opening holds, until the hold ends", async (store, under) => {
    const other = await under.reopen();
    const digests = await Promise.all(
      [1, 2, 3, 4].map(async (seed) => (await sampleOf(10, seed)).descriptor.digest),
    );
    const [a, b, c, d] = digests;
    assert(a !== undefined && b !== undefined && c !== undefined && d !== undefined);
    const heldIn = async (reader: WholeStore) => {
      using sweep = await reader.beginSweep(neverAborted());
      return digests.filter((digest) => sweep.isHeld(digest));
    };
    const one = store.beginHold(neverAborted());
    const two = other.beginHold(neverAborted());
    assertEquals(await heldIn(store), []);
    await Promise.all([one.add([a]), one.add([a, b]), two.add([b, c])]);
    for (const reader of [store, other]) assertEquals(await heldIn(reader), [a, b, c]);
    one[Symbol.dispose]();
    one[Symbol.dispose]();
    for (const reader of [store, other]) assertEquals(await heldIn(reader), [b, c]);
    await two.add([d]);
    assertEquals(await heldIn(store), [b, c, d]);
    two[Symbol.dispose]();
    for (const reader of [store, other]) assertEquals(await heldIn(reader), []);
  });

  rule("while a sweep runs, no hold gets a digest and no second sweep begins", async (store, under) => {
    const other = await under.reopen();
    const { digest } = (await sampleOf(10)).descriptor;
    using hold = other.beginHold(neverAborted());
    const order: string[] = [];
    const sweep = await store.beginSweep(neverAborted());
    const adding = hold.add([digest]).then(() => order.push("added"));
    const controller = new AbortController();
    const impatient = store.beginSweep(controller.signal);
    const reason = new Error("enough");
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => impatient, Error), reason);
    assertEquals(sweep.isHeld(digest), false);
    await new Promise((resolve) => setTimeout(resolve, 20));
    order.push("swept");
    sweep[Symbol.dispose]();
    await adding;
    assertEquals(order, ["swept", "added"]);
    using next = await store.beginSweep(neverAborted());
    assertEquals(next.isHeld(digest), true);
  });

  rule("a hold that waits for a sweep stops at its signal, and then holds nothing", async (store, under) => {
    const { digest } = (await sampleOf(10)).descriptor;
    const controller = new AbortController();
    using hold = (await under.reopen()).beginHold(controller.signal);
    const reason = new Error("enough");
    {
      using _sweep = await store.beginSweep(neverAborted());
      const adding = hold.add([digest]);
      controller.abort(reason);
      assertStrictEquals(await assertRejects(() => adding, Error), reason);
    }
    using sweep = await store.beginSweep(neverAborted());
    assertEquals(sweep.isHeld(digest), false);
  });

  rule("usage counts blobs and partials", async (store) => {
    const empty = await store.usage();
    assertEquals([empty.blobs, empty.partials], [0, 0]);
    await addSample(store, await sampleOf(100_000));
    const { bytes, descriptor } = await sampleOf(50_000, 2);
    await using ingest = await begin(store, descriptor);
    ingest.write(bytes);
    const usage = await store.usage();
    assertEquals([usage.blobs, usage.partials], [1, 1]);
    assert(usage.blobBytes - empty.blobBytes >= 100_000);
    assert(usage.partialBytes - empty.partialBytes >= 50_000);
    assert(usage.inodes > empty.inodes);
  });
}
