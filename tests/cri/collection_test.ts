import { neverAborted } from "../../src/base/concurrency/abort.ts";
import { openStore } from "../../src/store/store.ts";
import { assert, assertEquals } from "../assert.ts";
import { addSample, sampleOf } from "../contract/samples.ts";
import { buildImage } from "../images/mod.ts";
import { layer } from "../store/collect_images.ts";
import { withCri } from "./test_service.ts";

/** Waits for work in the background: a removal responds before all files are deleted. */
async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!await isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

Deno.test("a removal during a pull frees its space at once, and what the pull holds when it ends", async () => {
  await withCri(async (test) => {
    const { cri, fixture } = test;
    const blobs = () => Array.fromAsync(fixture.store.listBlobs(), ({ digest }) => digest);
    fixture.remote.push("v1", await buildImage({ seed: 1, layers: 1 }));
    const id = await cri.pull("registry.example/app1:v1");
    const [layer] = (await fixture.store.listImages()).map(({ manifest }) => manifest.digest);
    assert(layer !== undefined);
    {
      using pull = (await openStore(fixture.root)).beginHold(neverAborted());
      await pull.add([layer]);
      await cri.remove(id);
      await until(async () => (await blobs()).length === 1);
      assertEquals(await blobs(), [layer]);
    }
    fixture.remote.push("v1", await buildImage({ seed: 2, layers: 1 }));
    // The end of a pull starts a sweep, and the removal of its image shares it.
    await cri.remove(await cri.pull("registry.example/next:v1"));
    await until(async () => (await blobs()).length === 0);
  });
});

Deno.test("a server deletes at its start what is abandoned, and keeps what an interrupted pull may need", async () => {
  const abandoned = await sampleOf(3000, 1);
  const recent = await sampleOf(3000, 2);
  await withCri(async ({ fixture, service }) => {
    const blobs = () => Array.fromAsync(fixture.store.listBlobs(), ({ digest }) => digest);
    await service.collected;
    assertEquals(await blobs(), [recent.descriptor.digest]);
    assertEquals(await Array.fromAsync(fixture.store.listIngests()), []);
  }, {
    before: async ({ root, store, blobPath }) => {
      const old = new Date(Date.now() - 3 * 24 * 60 * 60 * 1000);
      for (const sample of [abandoned, recent]) await addSample(store, sample);
      await Deno.utime(blobPath(abandoned.descriptor.digest), old, old);
      const partial = await sampleOf(3000, 3);
      {
        await using ingest = await store.beginIngest(partial.descriptor, neverAborted());
        ingest?.write(partial.bytes.subarray(0, 100));
      }
      for (const { name } of Deno.readDirSync(`${root}/ingest`)) {
        await Deno.utime(`${root}/ingest/${name}`, old, old);
      }
    },
  });
});

Deno.test("a server removes images that were not pulled for a long time, except pinned ones", async () => {
  await withCri(async ({ cri, service, fixture }) => {
    await service.collected;
    assertEquals((await cri.list()).flatMap(({ repoTags }) => repoTags), [
      "registry.example/pinned:1",
      "registry.example/recent:1",
    ]);
    assertEquals((await fixture.store.listImages()).length, 4);
  }, {
    collection: { unusedFor: 30 * 24 * 60 * 60 * 1000 },
    pinned: ["registry.example/pinned:1"],
    before: async (fixture) => {
      const { pullImage } = await import("../../src/image/pull/pull.ts");
      for (const [seed, name] of ["old", "pinned", "recent"].entries()) {
        fixture.remote.push("1", await buildImage({ seed }));
        await pullImage(fixture.deps, `registry.example/${name}:1`);
      }
      const pulledAt = Date.now() - 31 * 24 * 60 * 60 * 1000;
      await fixture.store.updateImages(
        (records) =>
          [...records.values()].map((record) =>
            record.name.includes("recent") ? record : { ...record, pulledAt }
          ),
        neverAborted(),
      );
    },
  });
});

Deno.test("a removal also deletes the unpacked layers, and the usage counts them until then", async () => {
  await withCri(async ({ cri, fixture, service }) => {
    const layers = () => [...Deno.readDirSync(`${fixture.root}/layers`)].length;
    await service.collected;
    const empty = await cri.usage();
    fixture.remote.push("1", await buildImage({ layers: [layer("a"), layer("b")] }));
    fixture.remote.push("2", await buildImage({ layers: [layer("a"), layer("c")] }));
    const [one, two] = [await cri.pull("registry.example/app:1"), await cri.pull("registry.example/app:2")];
    assertEquals(layers(), 3);
    await cri.remove(one);
    await until(() => layers() <= 2);
    assertEquals(layers(), 2);
    await cri.remove(two);
    await until(async () => {
      const { blobs, layerBytes } = await fixture.store.usage();
      return blobs === 0 && layerBytes === 0;
    });
    assertEquals(layers(), 0);
    assert((await cri.usage()).inodes >= empty.inodes);
  }, { unpack: true });
});

Deno.test("a server collects on a timer what was abandoned while it runs", async () => {
  const old = await sampleOf(3000, 1);
  await withCri(async ({ fixture, service, lines }) => {
    await service.collected;
    await addSample(fixture.store, old);
    const past = new Date(Date.now() - 3 * 24 * 60 * 60 * 1000);
    await Deno.utime(fixture.blobPath(old.descriptor.digest), past, past);
    await until(() => lines.some(({ message }) => message === "Collected garbage"));
    assertEquals(await fixture.store.findBlob(old.descriptor.digest), undefined);
    const line = lines.find(({ message }) => message === "Collected garbage");
    assertEquals([line?.fields.blobs, line?.fields.freedBytes], [1, 3000]);
  }, { collection: { interval: 10 } });
});
