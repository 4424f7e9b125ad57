import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { type Fixture, makeFixture } from "../../../tests/fakes/fixture.ts";
import { buildArtifact, buildDocument, buildImage, buildIndex, describe } from "../../../tests/images/mod.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import { shortIdOf } from "../../oci/digest.ts";
import { OCI_INDEX } from "../../oci/media_type.ts";
import { removeImages } from "../gc/remove.ts";
import { pinImage } from "../pin.ts";
import { pullImage } from "../pull/pull.ts";
import { tagImage } from "../tag.ts";
import { findImage } from "./find.ts";
import { inspectImage } from "./inspect.ts";

const namesOf = async ({ store }: Fixture) => (await store.listImages()).map(({ name }) => name);
const pinsOf = async ({ store }: Fixture) =>
  (await store.listImages()).filter(({ pinned }) => pinned).map(({ name }) => name);

/** A store with an image under a tag of two repositories, and an index of it under a third. */
async function sameManifest() {
  const fixture = await makeFixture();
  const index = await buildIndex({ platforms: ["linux/amd64"] });
  const [image] = index.images;
  assert(image);
  const options = { platform: image.platform };
  fixture.remote.push("1", image);
  await pullImage(fixture.deps, "a.b/plain:1", options);
  fixture.remote.push("1", index);
  await pullImage(fixture.deps, "a.b/indexed:1", options);
  return Object.assign(fixture, { image, index });
}

/** A store with two manifests of one config, whose layers are compressed differently. */
async function sameConfig() {
  const fixture = await makeFixture();
  const gzip = await buildImage({ layers: [{ compression: "gzip" }] });
  const zstd = await buildImage({ layers: [{ compression: "zstd" }] });
  fixture.remote.push("gzip", gzip);
  fixture.remote.push("zstd", zstd);
  await pullImage(fixture.deps, "a.b/c:gzip", { platform: gzip.platform });
  await pullImage(fixture.deps, "a.b/d:zstd", { platform: zstd.platform });
  return Object.assign(fixture, { gzip, zstd });
}

Deno.test("each name has its own digest", async () => {
  await using fixture = await sameManifest();
  const { store, image, index } = fixture;
  const { summary } = await findImage(store, "a.b/plain:1");
  assertEquals(summary.digests, {
    "a.b/plain:1": image.root.digest,
    [`a.b/plain@${image.root.digest}`]: image.root.digest,
    "a.b/indexed:1": index.root.digest,
    [`a.b/indexed@${index.root.digest}`]: index.root.digest,
  });
  assertEquals((await findImage(store, "a.b/indexed:1")).summary.target.digest, index.root.digest);
});

Deno.test("artifacts with the same config have different ids", async () => {
  await using fixture = await makeFixture();
  const { deps, store, remote } = fixture;
  const [one, two] = [await buildArtifact({ files: ["1"] }), await buildArtifact({ files: ["2"] })];
  remote.push("1", one);
  remote.push("2", two);
  assertEquals((await pullImage(deps, "a.b/c:1")).image.id, one.root.digest);
  assertEquals((await pullImage(deps, "a.b/c:2")).image.id, two.root.digest);
  await removeImages(deps, [shortIdOf(one.root.digest)]);
  assertEquals(await namesOf(fixture), ["a.b/c:2", `a.b/c@${two.root.digest}`]);
  for (const blob of two.blobs) assert(await store.findBlob(blob.digest));
  const { config } = await inspectImage(deps, "a.b/c:2");
  await assertRejects(() => findImage(store, config.digest), AppError, "no image in the store");
});

Deno.test("names of another manifest with the same image id aren't inspected or pinned", async () => {
  await using fixture = await sameConfig();
  const { deps, gzip } = fixture;
  const details = await inspectImage(deps, "a.b/c:gzip");
  assertEquals(details.repoTags, ["a.b/c:gzip"]);
  assertEquals(details.repoDigests, [`a.b/c@${gzip.root.digest}`]);
  assertEquals(details.origins, ["a.b/c"]);
  await pinImage(deps, "a.b/c:gzip", true, neverAborted());
  assertEquals(await pinsOf(fixture), ["a.b/c:gzip", `a.b/c@${gzip.root.digest}`]);
  assertEquals((await inspectImage(deps, "a.b/d:zstd")).pinned, false);
});

Deno.test("an image id means all names whose manifest has it", async (t) => {
  await t.step("for pins", async () => {
    await using fixture = await sameConfig();
    await pinImage(fixture.deps, fixture.gzip.config.digest, true, neverAborted());
    assertEquals(await pinsOf(fixture), await namesOf(fixture));
  });
  await t.step("for removal", async () => {
    await using fixture = await sameConfig();
    const { deps, gzip } = fixture;
    const result = await removeImages(deps, [shortIdOf(gzip.config.digest)]);
    assertEquals([result.deleted, await namesOf(fixture)], [[gzip.config.digest], []]);
  });
});

Deno.test("removeImages() by a digest or with all tags removes only names of that manifest or index", async (t) => {
  const cases: readonly (readonly [
    what: string,
    image: (fixture: Awaited<ReturnType<typeof sameConfig>>) => string,
    allTags: boolean,
  ])[] = [
    ["the manifest's digest", ({ gzip }) => gzip.root.digest, false],
    ["the digest in its repository", ({ gzip }) => `a.b/c:other@${gzip.root.digest}`, true],
    ["all tags", () => "a.b/c:gzip", true],
  ];
  for (const [what, image, allTags] of cases) {
    await t.step(what, async () => {
      await using fixture = await sameConfig();
      const { deleted } = await removeImages(fixture.deps, [image(fixture)], { allTags });
      assertEquals(deleted, []);
      assertEquals(await namesOf(fixture), ["a.b/d:zstd", `a.b/d@${fixture.zstd.root.digest}`]);
    });
  }
  await t.step("the index's digest", async () => {
    await using fixture = await sameManifest();
    await removeImages(fixture.deps, [fixture.index.root.digest]);
    assertEquals(await namesOf(fixture), ["a.b/plain:1", `a.b/plain@${fixture.image.root.digest}`]);
  });
});

Deno.test("removeImages() by the id of one platform leaves an index of all platforms that was pulled for another", async () => {
  await using fixture = await makeFixture();
  const { deps, remote } = fixture;
  const index = await buildIndex({ platforms: ["linux/amd64", "linux/arm64"] });
  const [amd64, arm64] = index.images;
  assert(amd64 && arm64);
  remote.push("1", index);
  await pullImage(deps, "a.b/c:1", { platform: amd64.platform });
  remote.push("arm", arm64);
  await pullImage(deps, "a.b/c:arm", { platform: arm64.platform });
  await removeImages(deps, [arm64.config.digest]);
  assertEquals(await namesOf(fixture), ["a.b/c:1", `a.b/c@${index.root.digest}`]);
});

Deno.test("a pin follows its name to another image, and no digest of the old image keeps it", async (t) => {
  const pulledTwice = async (change: (fixture: Fixture) => Promise<unknown>) => {
    const fixture = await makeFixture();
    const [one, two] = [await buildImage({ seed: 1 }), await buildImage({ seed: 2 })];
    fixture.remote.push("1", one);
    fixture.remote.push("2", two);
    await pullImage(fixture.deps, "a.b/c:1");
    await pinImage(fixture.deps, "a.b/c:1", true, neverAborted());
    fixture.remote.push("1", two);
    await change(fixture);
    return Object.assign(fixture, { one, two });
  };
  const move = async ({ deps }: Fixture) => {
    await pullImage(deps, "a.b/c:2");
    await tagImage(deps, "a.b/c:2", "a.b/c:1", neverAborted());
  };
  await t.step("pulled again", async () => {
    await using fixture = await pulledTwice(({ deps }) => pullImage(deps, "a.b/c:1"));
    assertEquals(await pinsOf(fixture), ["a.b/c:1", `a.b/c@${fixture.two.root.digest}`]);
  });
  await t.step("moved by a tag", async () => {
    await using fixture = await pulledTwice(move);
    assertEquals(await pinsOf(fixture), ["a.b/c:1"]);
    assertEquals((await findImage(fixture.store, fixture.two.config.digest)).summary.pinned, true);
    assertEquals((await findImage(fixture.store, fixture.one.config.digest)).summary.pinned, false);
  });
  await t.step("unless another pinned tag refers to the old image", async () => {
    await using fixture = await pulledTwice(async ({ deps }) => {
      await tagImage(deps, "a.b/c:1", "a.b/c:stays", neverAborted());
      await pullImage(deps, "a.b/c:1");
    });
    const { one, two } = fixture;
    assertEquals(
      new Set(await pinsOf(fixture)),
      new Set(["a.b/c:1", "a.b/c:stays", `a.b/c@${one.root.digest}`, `a.b/c@${two.root.digest}`]),
    );
  });
  await t.step("a pinned digest stays pinned", async () => {
    await using fixture = await makeFixture();
    const { deps, remote } = fixture;
    const one = await buildImage({ seed: 1 });
    remote.push("1", one);
    await pullImage(deps, "a.b/c:1");
    assertEquals(
      await pinImage(deps, `a.b/c@${one.root.digest}`, true, neverAborted()),
      [`a.b/c@${one.root.digest}`],
    );
    await pullImage(deps, "a.b/c:1");
    remote.push("1", await buildImage({ seed: 2 }));
    await pullImage(deps, "a.b/c:1");
    assertEquals(await pinsOf(fixture), [`a.b/c@${one.root.digest}`]);
  });
});

/** Changes annotations of the entry of a name, as another machine could have written them. */
async function forge(root: string, name: string, changes: Readonly<Record<string, string>>): Promise<void> {
  const path = `${root}/index.json`;
  const index = JSON.parse(await Deno.readTextFile(path));
  for (const entry of index.manifests) {
    if (entry.annotations["org.opencontainers.image.ref.name"] === name) {
      Object.assign(entry.annotations, changes);
    }
  }
  await Deno.writeTextFile(path, JSON.stringify(index));
}

Deno.test("records are shown with the id, size and date that their manifest allows", async (t) => {
  const image = await buildImage();
  const other = await buildImage({ seed: 2 });
  const cases: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ["id", { "dev.dray.image.id": other.config.digest }],
    ["size", { "dev.dray.image.size": "1" }],
    ["date", { "dev.dray.image.pulled-at": "2999-01-01T00:00:00.000Z" }],
  ];
  for (const [what, changes] of cases) {
    await t.step(what, async () => {
      await using fixture = await makeFixture();
      const { deps, store, root, remote } = fixture;
      remote.push("1", image);
      await pullImage(deps, "a.b/c:1");
      const { summary: honest } = await findImage(store, "a.b/c:1");
      await forge(root, "a.b/c:1", changes);
      const { summary } = await findImage(store, "a.b/c:1");
      assertEquals([summary.id, summary.size], [honest.id, honest.size]);
      assert(summary.pulledAt <= Date.now());
      await assertRejects(() => findImage(store, other.config.digest), AppError, "no image in the store");
    });
  }
});

Deno.test("an image of an index with an invalid nested index is found by every name", async () => {
  await using fixture = await makeFixture();
  const { deps, store, remote } = fixture;
  const image = await buildImage();
  const invalid = await buildDocument(OCI_INDEX, "no JSON");
  const root = await buildDocument(OCI_INDEX, {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [describe(invalid), describe(image.root, { platform: image.platform })],
  });
  remote.push("1", { root, documents: [root, invalid, image.root], blobs: image.blobs });
  await pullImage(deps, "a.b/c:1", { platform: image.platform });
  await store.beginIngest(describe(invalid), neverAborted()).then(async (ingest) => {
    await using open = ingest;
    open?.write(invalid.bytes);
    await open?.commit();
  });
  for (const name of ["a.b/c:1", `a.b/c@${root.digest}`, image.config.digest]) {
    assertEquals((await findImage(store, name)).summary.target.digest, root.digest);
  }
});

Deno.test("a forged target doesn't make an image available under another digest", async (t) => {
  const image = await buildImage();
  const index = await buildIndex({ image: { seed: 7 } });
  const link = (digest: string, size: number) => ({
    "dev.dray.image.target.digest": digest,
    "dev.dray.image.target.media-type": index.root.mediaType,
    "dev.dray.image.target.size": String(size),
  });
  const forged = `a.b/c@sha256:${"a".repeat(64)}`;
  await t.step("the digest in a name isn't the target's", async () => {
    await using fixture = await makeFixture();
    const { deps, store, root, remote } = fixture;
    remote.push("1", image);
    await pullImage(deps, "a.b/c:1");
    await forge(root, "a.b/c:1", { "org.opencontainers.image.ref.name": forged });
    await assertRejects(() => findImage(store, forged), AppError, "no image in the store");
    // The entry still protects its blobs.
    assertEquals((await store.listUnmanaged()).map(({ digest }) => digest), [image.root.digest]);
  });
  await t.step("the target is an index that doesn't list the manifest", async () => {
    await using fixture = await makeFixture();
    const { deps, store, root, remote } = fixture;
    remote.push("1", image);
    remote.push("index", index);
    await pullImage(deps, "a.b/c:1");
    await pullImage(deps, "a.b/d:index", { allPlatforms: true });
    const name = `a.b/c@${index.root.digest}`;
    await forge(root, `a.b/c@${image.root.digest}`, {
      ...link(index.root.digest, describe(index.root).size),
      "org.opencontainers.image.ref.name": name,
    });
    await forge(root, "a.b/c:1", link(index.root.digest, describe(index.root).size));
    await assertRejects(() => findImage(store, name), AppError, "no image in the store");
    assertEquals((await findImage(store, "a.b/c:1")).summary.target.digest, image.root.digest);
  });
});
