import { assert, assertEquals, assertThrows } from "../../../tests/assert.ts";
import { assertFails, collect } from "../../../tests/contract/content_store_suite.ts";
import { addSample, sampleOf } from "../../../tests/contract/samples.ts";
import { StorePaths } from "../layout/paths.ts";
import { openStore, type Store } from "../store.ts";

async function withStore(run: (store: Store) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "dray-anonymous-" });
  try {
    await run(await openStore(root));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("an anonymous write becomes a blob under its digest", async () => {
  await withStore(async (store) => {
    for (const size of [0, 1000, 600_000]) {
      const { bytes, descriptor } = await sampleOf(size);
      await using ingest = await store.beginAnonymous();
      ingest.write(bytes.subarray(0, size / 2));
      ingest.write(bytes.subarray(size / 2));
      assertEquals(await store.findBlob(descriptor.digest), undefined, "it isn't visible before the commit");
      const info = await ingest.commit();
      assertEquals([info.digest, info.size], [descriptor.digest, size]);
      assertEquals(await store.readBlob(descriptor.digest, size), bytes);
      const mode = Deno.statSync(new StorePaths(store.root).blob(descriptor.digest)).mode ?? 0;
      assertEquals(mode & 0o777, 0o444);
      await assertFails(ingest.commit(), "internal");
    }
    assertEquals(await collect(store.listIngests()), []);
  });
});

Deno.test("an anonymous write of a stored blob succeeds and leaves no partial", async () => {
  await withStore(async (store) => {
    const sample = await sampleOf(1000);
    await addSample(store, sample);
    await using ingest = await store.beginAnonymous();
    ingest.write(sample.bytes);
    assertEquals((await ingest.commit()).digest, sample.descriptor.digest);
    assertEquals((await collect(store.listBlobs())).length, 1);
    assertEquals(await collect(store.listIngests()), []);
  });
});

Deno.test("an anonymous write that isn't committed is removed when it is disposed, not before", async () => {
  await withStore(async (store) => {
    {
      await using ingest = await store.beginAnonymous();
      ingest.write(new Uint8Array(10));
      const [status] = await collect(store.listIngests());
      assert(status !== undefined);
      assertEquals(
        await store.removeIngest(status.digest),
        false,
        "it is in use",
      );
    }
    assertEquals(await collect(store.listIngests()), []);
    assertEquals(await collect(store.listBlobs()), []);
    const closed = await store.beginAnonymous();
    await closed[Symbol.asyncDispose]();
    await closed[Symbol.asyncDispose]();
    assertThrows(() => closed.write(new Uint8Array(1)), Error);
  });
});

Deno.test("a store that is opened for reading rejects anonymous writes", async () => {
  await withStore(async ({ root }) => {
    const store = await openStore(root, { mode: "read" });
    await assertFails(store.beginAnonymous(), "permission_denied");
  });
});
