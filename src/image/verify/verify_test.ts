import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { makeFixture } from "../../../tests/fakes/fixture.ts";
import { buildImage, buildIndex } from "../../../tests/images/mod.ts";
import { AppError } from "../../base/errors.ts";
import { parsePlatform } from "../../oci/platform.ts";
import { inspectImage } from "../model/inspect.ts";
import { pullImage } from "../pull/pull.ts";
import { collectGarbage } from "../gc/sweep.ts";
import { diskUsage } from "../gc/disk_usage.ts";
import { verifyStore } from "./verify.ts";

const AMD64 = { platform: parsePlatform("linux/amd64") };

Deno.test("verifyStore() finds no faults in an intact store", async () => {
  await using parts = await makeFixture();
  const { deps, remote } = parts;
  const index = await buildIndex();
  remote.push("1", index);
  await pullImage(deps, "a.b/c:1", AMD64);
  const seen: number[] = [];
  const result = await verifyStore(deps, "all", { onProgress: ({ blobs }) => seen.push(blobs) });
  assertEquals(result.faults, []);
  assertEquals(result.blobs, 2 + (index.images[0]?.blobs.length ?? 0));
  assertEquals(seen, Array.from({ length: result.blobs }, (_, i) => i + 1));
});

Deno.test("verifyStore() reports the damaged blob, and a repair fetches only that blob", async (t) => {
  const index = await buildIndex({ platforms: ["linux/amd64"] });
  const [image] = index.images;
  const layer = image?.layers[0]?.descriptor.digest;
  assert(image && layer);
  for (const how of ["flip", "truncate", "remove"] as const) {
    for (
      const [what, digest] of [["layer", layer], ["config", image.config.digest], [
        "manifest",
        image.root.digest,
      ], ["index", index.root.digest]] as const
    ) {
      await t.step(`${how} a ${what}`, async () => {
        await using parts = await makeFixture();
        const { deps, remote, damage } = parts;
        remote.push("1", index);
        await pullImage(deps, "a.b/c:1", AMD64);
        await damage(digest, how);
        const found = await verifyStore(deps, ["a.b/c:1"]);
        assertEquals(found.faults.map((fault) => [fault.digest, fault.repaired]), [[digest, false]]);
        assertEquals(found.faults[0]?.kind, how === "remove" ? "missing" : "corrupt");
        const before = remote.fetches.length;
        const repaired = await verifyStore(deps, "all", { repair: true });
        assertEquals(repaired.faults.map((fault) => [fault.digest, fault.repaired]), [[digest, true]]);
        assertEquals(remote.fetches.slice(before).map((fetch) => fetch.digest), [digest]);
        assertEquals((await verifyStore(deps)).faults, []);
      });
    }
  }
});

Deno.test("verifyStore() reports why a repair failed, and leaves the blob in place", async () => {
  await using parts = await makeFixture();
  const { deps, store, remote, damage } = parts;
  const image = await buildImage({ layers: 1 });
  const digest = image.layers[0]?.descriptor.digest;
  assert(digest);
  remote.push("1", image);
  await pullImage(deps, "a.b/c:1");
  await damage(digest, "flip");
  remote.failNext(digest, { kind: "wrong-byte" }, { kind: "wrong-byte" }, { kind: "wrong-byte" });
  const { faults } = await verifyStore(deps, "all", { repair: true });
  assertEquals(faults.map(({ repaired }) => repaired), [false]);
  assert(faults[0]?.repairError?.includes("3 times"), faults[0]?.repairError);
  assert(await store.findBlob(digest));
});

Deno.test("verifyStore() can't repair a blob of another tool's image, and says that gc retains it", async () => {
  await using parts = await makeFixture();
  const { root, deps, store, remote, damage } = parts;
  const image = await buildImage({ layers: 1 });
  const digest = image.layers[0]?.descriptor.digest;
  assert(digest);
  remote.push("1", image);
  await pullImage(deps, "a.b/c:1");
  const index = JSON.parse(await Deno.readTextFile(`${root}/index.json`));
  const { mediaType, digest: manifest, bytes } = image.root;
  index.manifests = [{ mediaType, digest: manifest, size: bytes.length }];
  await Deno.writeTextFile(`${root}/index.json`, JSON.stringify(index));
  await damage(digest, "flip");
  const { faults } = await verifyStore(deps, "all", { repair: true });
  assertEquals(faults.map((fault) => [fault.digest, fault.names, fault.repaired]), [[digest, [], false]]);
  assert(faults[0]?.repairError?.includes("which retains it if"), faults[0]?.repairError);
  await collectGarbage(deps);
  assert(await store.findBlob(digest));
});

Deno.test("pullImage() replaces damaged documents", async () => {
  await using parts = await makeFixture();
  const { deps, remote, damage } = parts;
  const index = await buildIndex({ platforms: ["linux/amd64"] });
  const [image] = index.images;
  assert(image);
  remote.push("1", index);
  for (const digest of [index.root.digest, image.root.digest, image.config.digest]) {
    await pullImage(deps, "a.b/c:1", AMD64);
    await damage(digest, "flip");
    await pullImage(deps, "a.b/c:1", AMD64);
    assertEquals((await verifyStore(deps)).faults, []);
  }
});

Deno.test("inspectImage() shows layers with their ids, platforms and origins", async () => {
  await using parts = await makeFixture();
  const { deps, remote } = parts;
  const index = await buildIndex({ platforms: ["linux/amd64", "linux/arm64"] });
  const [image] = index.images;
  assert(image);
  remote.push("1", index);
  await pullImage(deps, "a.b/c:1", AMD64);
  const details = await inspectImage(deps, "a.b/c:1");
  assertEquals(
    details.layers.map(({ digest }) => digest),
    image.layers.map(({ descriptor }) => descriptor.digest),
  );
  assertEquals(details.layers.map(({ diffId }) => diffId), image.layers.map(({ diffId }) => diffId));
  assertEquals(details.layers[0]?.chainId, image.layers[0]?.diffId);
  assertEquals(details.platforms.map(({ present }) => present), [true, false]);
  assertEquals(details.origins, ["a.b/c"]);
  await assertRejects(() => inspectImage(deps, "a.b/c:2"), AppError, "no image in the store");
});

Deno.test("diskUsage() reports the bytes that only one image references", async () => {
  await using parts = await makeFixture();
  const { deps, remote } = parts;
  const shared = { size: 50_000, seed: 77 };
  const [one, two] = [
    await buildImage({ seed: 1, layers: [shared, {}] }),
    await buildImage({ seed: 2, layers: [shared, {}] }),
  ];
  remote.push("1", one);
  remote.push("2", two);
  await pullImage(deps, "a.b/c:1");
  await pullImage(deps, "a.b/c:2");
  const layer = one.layers[0]?.descriptor.size ?? 0;
  const { images, unused } = await diskUsage(deps);
  assertEquals(unused, 0);
  assertEquals(images.map(({ size, unique }) => size - unique), [layer, layer]);
});
