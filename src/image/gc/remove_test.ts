import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { makeFixture } from "../../../tests/fakes/fixture.ts";
import { buildImage, randomBytes } from "../../../tests/images/mod.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import { digestOf, shortIdOf } from "../../oci/digest.ts";
import { openStore } from "../../store/store.ts";
import { pullImage } from "../pull/pull.ts";
import { removeImages } from "./remove.ts";
import { collectGarbage } from "./sweep.ts";
import { tagImage } from "../tag.ts";
import { fillDiskOnce } from "../../../tests/store/full_disk.ts";

const SHARED = { size: 4000, seed: 77 };

/** A store with two images that share a layer, with the tags 1 and 2. */
async function fixture() {
  const parts = await makeFixture();
  const one = await buildImage({ seed: 1, layers: [SHARED, { size: 100 }] });
  const two = await buildImage({ seed: 2, layers: [SHARED, { size: 100 }] });
  parts.remote.push("1", one);
  parts.remote.push("2", two);
  await pullImage(parts.deps, "a.b/c:1");
  await pullImage(parts.deps, "a.b/c:2");
  const names = async () => (await parts.store.listImages()).map(({ name }) => name);
  return { ...parts, one, two, names };
}

Deno.test("removeImages() by the last tag also removes the digest, and deletes the unshared blobs", async () => {
  await using parts = await fixture();
  const { deps, store, one, two, names } = parts;
  const result = await removeImages(deps, ["a.b/c:1"]);
  assertEquals(result.untagged, ["a.b/c:1", `a.b/c@${one.root.digest}`]);
  assertEquals(result.deleted, [one.config.digest]);
  assertEquals(await names(), ["a.b/c:2", `a.b/c@${two.root.digest}`].sort());
  assertEquals(await store.findBlob(one.config.digest), undefined);
  for (const { digest } of [...two.documents, ...two.blobs]) assert(await store.findBlob(digest));
});

Deno.test("removeImages() by one of several tags only untags", async () => {
  await using parts = await fixture();
  const { deps, store, one, names } = parts;
  assertEquals(await tagImage(deps, "a.b/c:1", "a.b/c:alias", neverAborted()), "a.b/c:alias");
  const result = await removeImages(deps, ["a.b/c:1"]);
  assertEquals(result.untagged, ["a.b/c:1"]);
  assertEquals(result.deleted, []);
  assert((await names()).includes(`a.b/c@${one.root.digest}`));
  assert(await store.findBlob(one.config.digest));
});

Deno.test("removeImages() by id, or with all tags, removes all names of the image", async (t) => {
  const cases = [
    ["id", (id: string) => [id], false],
    ["short id", (id: string) => [id.slice("sha256:".length, "sha256:".length + 12)], false],
    ["all tags", () => ["x.y/z:1"], true],
  ] as const;
  for (const [name, images, allTags] of cases) {
    await t.step(name, async () => {
      await using parts = await fixture();
      const { deps, one, two, names } = parts;
      await tagImage(deps, "a.b/c:1", "x.y/z:1", neverAborted());
      const result = await removeImages(deps, images(one.config.digest), { allTags });
      assertEquals(result.untagged, ["a.b/c:1", `a.b/c@${one.root.digest}`, "x.y/z:1"]);
      assertEquals(await names(), ["a.b/c:2", `a.b/c@${two.root.digest}`].sort());
    });
  }
});

Deno.test("removeImages() removes nothing if one of the images is unknown", async () => {
  await using parts = await fixture();
  const { deps, names } = parts;
  const before = await names();
  const error = await assertRejects(() => removeImages(deps, ["a.b/c:1", "a.b/c:9"]), AppError);
  assertEquals(error.code, "not_found");
  assertEquals(await names(), before);
});

Deno.test("removeImages() and collectGarbage() delete content during a pull, except what the pull holds", async () => {
  await using parts = await fixture();
  const { deps, store, root, one } = parts;
  const [shared, own] = one.layers.map(({ descriptor }) => descriptor.digest);
  assert(shared !== undefined && own !== undefined);
  {
    using pull = (await openStore(root)).beginHold(neverAborted());
    await pull.add([own]);
    const { swept } = await removeImages(deps, ["a.b/c:1"]);
    assert(swept?.blobs.some(({ digest }) => digest === one.config.digest));
    assertEquals(await store.findBlob(one.config.digest), undefined);
    assert(await store.findBlob(own));
    assertEquals((await collectGarbage(deps)).blobs, []);
  }
  assertEquals((await collectGarbage(deps)).blobs.map(({ digest }) => digest), [own]);
});

Deno.test("a process that only reads the store holds what it reads, and delays nothing else", async () => {
  await using parts = await fixture();
  const { deps, store, root, one } = parts;
  const [, own] = one.layers.map(({ descriptor }) => descriptor.digest);
  assert(own !== undefined);
  {
    using reader = (await openStore(root, { mode: "read" })).beginHold(neverAborted());
    await reader.add([own]);
    const { swept } = await removeImages(deps, ["a.b/c:1"]);
    assert(swept?.blobs.some(({ digest }) => digest === one.config.digest));
    assert(await store.findBlob(own));
  }
  assertEquals((await collectGarbage(deps)).blobs.map(({ digest }) => digest), [own]);
});

Deno.test("a reader that can't write to the store delays a collection, and a removal continues without it", async () => {
  await using parts = await fixture();
  const { deps, store, root, one } = parts;
  (await store.beginSweep(neverAborted()))[Symbol.dispose]();
  {
    // Without the directory, no digest can be recorded.
    await Deno.remove(`${root}/locks/content`, { recursive: true });
    using reader = (await openStore(root, { mode: "read" })).beginHold(neverAborted());
    await reader.add([one.config.digest]);
    assertEquals((await removeImages(deps, ["a.b/c:1"])).swept, undefined);
    assert(await store.findBlob(one.config.digest));
    const error = await assertRejects(
      () => collectGarbage(deps, { wait: 1 }),
      AppError,
      "another process still reads the store",
    );
    assertEquals(error.code, "busy");
  }
  const swept = await collectGarbage(deps);
  assert(swept.blobs.some(({ digest }) => digest === one.config.digest));
});

Deno.test("collectGarbage() deletes unreferenced blobs, and retains recent partial downloads", async () => {
  await using parts = await fixture();
  const { deps, store, remote, one } = parts;
  const three = await buildImage({ seed: 3, layers: [{ size: 900_000, compression: "none" }] });
  remote.push("3", three);
  const digest = three.layers[0]?.descriptor.digest;
  assert(digest);
  remote.failNext(digest, { kind: "break", after: 600_000, error: new AppError("network", "Broken") });
  await assertRejects(() => pullImage(deps, "a.b/c:3"), AppError, "Broken");
  const blobs = () => Array.fromAsync(store.listBlobs(), ({ digest }) => digest);

  const dry = await collectGarbage(deps, { dryRun: true });
  assertEquals(dry.partials, []);
  assert((await blobs()).length > one.blobs.length);
  const before = (await blobs()).length;
  const swept = await collectGarbage(deps);
  assertEquals(swept.blobs, dry.blobs);
  assertEquals((await blobs()).length, before - swept.blobs.length);
  // The downloads that the failure aborted can leave partials too.
  const partials = await Array.fromAsync(store.listIngests(), (ingest) => ingest.digest);
  assert(partials.includes(digest));

  const old = await collectGarbage(deps, { partialAge: -1000 });
  assertEquals(old.partials.map((partial) => partial.digest).sort(), partials.sort());
  assertEquals(await Array.fromAsync(store.listIngests()), []);
});

Deno.test("collectGarbage() deletes nothing while a manifest can't be read", async () => {
  await using parts = await fixture();
  const { deps, store, one, damage } = parts;
  await damage(one.root.digest, "flip");
  const before = (await Array.fromAsync(store.listBlobs())).length;
  const error = await assertRejects(() => collectGarbage(deps), AppError, "--repair");
  assertEquals(error.code, "store_corrupt");
  assertEquals((await Array.fromAsync(store.listBlobs())).length, before);
  await removeImages(deps, [shortIdOf(one.config.digest)]);
  await collectGarbage(deps);
  assertEquals(await store.findBlob(one.config.digest), undefined);
});

Deno.test("tagImage() moves a name from another image, and rejects a digest", async () => {
  await using parts = await fixture();
  const { deps, store, one } = parts;
  await tagImage(deps, one.config.digest, "a.b/c:2", neverAborted());
  const record = (await store.listImages()).find(({ name }) => name === "a.b/c:2");
  assertEquals(record?.imageId, one.config.digest);
  const error = await assertRejects(
    () => tagImage(deps, "a.b/c:1", `x@${one.root.digest}`, neverAborted()),
    AppError,
    "not a digest",
  );
  assertEquals(error.code, "invalid_argument");
});

Deno.test("collectGarbage() retains the images of other tools", async () => {
  await using parts = await fixture();
  const { deps, root, store, one } = parts;
  const index = JSON.parse(await Deno.readTextFile(`${root}/index.json`));
  const annotations = { "org.opencontainers.image.ref.name": "v1" };
  const { mediaType, digest, bytes } = one.root;
  index.manifests.push({ mediaType, digest, size: bytes.length, annotations });
  await Deno.writeTextFile(`${root}/index.json`, JSON.stringify(index));
  await removeImages(deps, ["a.b/c:1"]);
  await collectGarbage(deps);
  for (const blob of [...one.documents, ...one.blobs]) assert(await store.findBlob(blob.digest), blob.digest);
});

/** The next index can be written neither to its temporary file nor to the reserved space. */
function fillDisk(root: string): Disposable {
  Deno.removeSync(`${root}/locks/index.spare`);
  return fillDiskOnce(`${root}/index.json.new`);
}

Deno.test("removeImages() on a full disk that keeps no space sweeps what no image needs first", async () => {
  await using parts = await fixture();
  const { deps, root, store, one, two, names } = parts;
  const { bytes, ...stray } = await makeStray();
  {
    await using ingest = await store.beginIngest({ mediaType: "x/y", ...stray }, neverAborted());
    ingest?.write(bytes);
    await ingest?.commit();
  }
  using _full = fillDisk(root);
  const { deleted, swept } = await removeImages(deps, ["a.b/c:1"]);
  assertEquals(deleted, [one.config.digest]);
  assertEquals(swept?.blobs[0]?.digest, stray.digest);
  assertEquals(await store.findBlob(stray.digest), undefined);
  assertEquals(await names(), ["a.b/c:2", `a.b/c@${two.root.digest}`].sort());
});

Deno.test("removeImages() on a full disk where all is needed fails and changes nothing", async () => {
  await using parts = await fixture();
  const { deps, root, store, one, names } = parts;
  const before = await names();
  using _full = fillDisk(root);
  const error = await assertRejects(() => removeImages(deps, ["a.b/c:1"]), AppError, "disk full");
  assertEquals(error.code, "no_space");
  assertEquals(await names(), before);
  for (const { digest } of [...one.documents, ...one.blobs]) assert(await store.findBlob(digest));
});

async function makeStray() {
  const bytes = randomBytes(1000, 1);
  return { bytes, digest: await digestOf(bytes), size: bytes.length };
}
