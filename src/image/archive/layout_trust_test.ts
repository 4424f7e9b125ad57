import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { type Fixture, makeFixture } from "../../../tests/fakes/fixture.ts";
import {
  buildArtifact,
  buildImage,
  buildIndex,
  describe,
  type TarEntry,
  tarSource,
  type TestArtifact,
  type TestImage,
} from "../../../tests/images/mod.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { type ByteReader, concatBytes } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { type Digest, hexOf } from "../../oci/digest.ts";
import { formatPlatform, parsePlatform, platformOfBuild } from "../../oci/platform.ts";
import { pinImage } from "../pin.ts";
import { pullImage } from "../pull/pull.ts";
import { verifyStore } from "../verify/verify.ts";
import { tarFiles } from "./archive_source.ts";
import { exportArchive } from "./export.ts";
import { importImages, type ImportOptions } from "./import.ts";

const REF_NAME = "org.opencontainers.image.ref.name";
const FULL_NAME = "io.containerd.image.name";
const FALSE_DIGEST = `sha256:${"a".repeat(64)}`;
const MACHINE = formatPlatform(platformOfBuild(Deno.build));
const OTHER = MACHINE === "linux/amd64" ? "linux/arm64" : "linux/amd64";

const contentOf = (blob: TestArtifact["blobs"][number]) =>
  concatBytes([...blob.read(0, blob.size)].map((chunk) => chunk.slice()));

function readerOf(bytes: Uint8Array): ByteReader {
  let at = 0;
  return {
    read(buffer) {
      if (at === bytes.length) return Promise.resolve(null);
      const chunk = bytes.subarray(at, at + buffer.length);
      buffer.set(chunk);
      at += chunk.length;
      return Promise.resolve(chunk.length);
    },
  };
}

function tarOf(entries: readonly TarEntry[]): Uint8Array<ArrayBuffer> {
  const source = tarSource(entries);
  return concatBytes([...source.read(0, source.size)].map((chunk) => chunk.slice()));
}

/** A layout with these entries in its index.json, and all content of these images. */
function layoutOf(
  manifests: readonly Descriptor[],
  images: readonly TestArtifact[],
): Uint8Array<ArrayBuffer> {
  const blobs = new Map<Digest, Uint8Array>();
  for (const image of images) {
    for (const { digest, bytes } of image.documents) blobs.set(digest, bytes);
    for (const blob of image.blobs) blobs.set(blob.digest, contentOf(blob));
  }
  return tarOf([
    { name: "oci-layout", content: '{"imageLayoutVersion":"1.0.0"}' },
    { name: "index.json", content: JSON.stringify({ schemaVersion: 2, manifests }) },
    ...[...blobs].map(([digest, content]) => ({ name: `blobs/${digest.replace(":", "/")}`, content })),
  ]);
}

const named = (image: TestArtifact, name: string) =>
  describe(image.root, { annotations: { [REF_NAME]: name } });

/** The archive of `docker save` before Docker 25. */
function dockerArchive(image: TestImage, tags: readonly string[]): Uint8Array<ArrayBuffer> {
  const layers = image.layers.map(({ blob }, i) => ({ name: `${i}/layer.tar`, content: contentOf(blob) }));
  const config = `${hexOf(image.config.digest)}.json`;
  const manifest = [{ Config: config, RepoTags: tags, Layers: layers.map(({ name }) => name) }];
  return tarOf([...layers, { name: config, content: image.configBytes }, {
    name: "manifest.json",
    content: JSON.stringify(manifest),
  }]);
}

async function importInto(
  { store }: Fixture,
  bytes: Uint8Array,
  options: ImportOptions = {},
): Promise<readonly string[]> {
  return await importImages(store, tarFiles(readerOf(bytes), neverAborted()), options, neverAborted());
}

async function exported({ store }: Fixture, image: string): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  const sink = { write: (bytes: Uint8Array) => Promise.resolve(void chunks.push(bytes.slice())) };
  await exportArchive(store, [image], "oci-archive", sink, neverAborted());
  return concatBytes(chunks);
}

const recordOf = async ({ store }: Fixture, name: string) =>
  (await store.listImages()).find((record) => record.name === name);

Deno.test("importImages() refuses a name whose digest isn't that of the content", async (t) => {
  const image = await buildImage({ layers: [{ compression: "none" }] });
  const own = `bank/app@${image.root.digest}`;
  const fullName = describe(image.root, {
    annotations: { [FULL_NAME]: `docker.io/bank/app@${FALSE_DIGEST}` },
  });
  const archives: readonly (readonly [what: string, bytes: Uint8Array])[] = [
    ["ref.name", layoutOf([named(image, `bank/app@${FALSE_DIGEST}`)], [image])],
    ["tag and digest", layoutOf([named(image, `bank/app:1@${FALSE_DIGEST}`)], [image])],
    ["the digest of the config", layoutOf([named(image, `bank/app@${image.config.digest}`)], [image])],
    ["containerd's name", layoutOf([fullName], [image])],
    ["Docker's tags", dockerArchive(image, [`bank/app@${FALSE_DIGEST}`])],
    [
      "one of two images",
      layoutOf([named(image, "a.b/c:1"), named(image, `bank/app@${FALSE_DIGEST}`)], [image]),
    ],
  ];
  for (const [what, bytes] of archives) {
    await t.step(what, async () => {
      await using fixture = await makeFixture();
      const error = await assertRejects(() => importInto(fixture, bytes), AppError, "has the digest");
      assertEquals(error.code, "digest_mismatch");
      assertEquals(await fixture.store.listImages(), []);
    });
  }
  await t.step("the right digest is accepted", async () => {
    await using fixture = await makeFixture();
    assertEquals(await importInto(fixture, layoutOf([named(image, own)], [image])), [`docker.io/${own}`]);
  });
  await t.step("a given name replaces a false digest", async () => {
    await using fixture = await makeFixture();
    const bytes = layoutOf([named(image, `bank/app@${FALSE_DIGEST}`)], [image]);
    assertEquals(await importInto(fixture, bytes, { name: "a.b/c:1" }), ["a.b/c:1"]);
  });
});

Deno.test("importImages() records the digest that each tag points at", async () => {
  await using fixture = await makeFixture();
  const image = await buildImage();
  const index = await buildIndex();
  await importInto(fixture, layoutOf([named(image, "a.b/c:1"), named(index, "a.b/d:1")], [image, index]));
  assertEquals((await fixture.store.listImages()).map(({ name }) => name), [
    "a.b/c:1",
    `a.b/c@${image.root.digest}`,
    "a.b/d:1",
    `a.b/d@${index.root.digest}`,
  ]);
});

Deno.test("importImages() combines platforms that are side by side", async (t) => {
  const mine = await buildImage({ platform: MACHINE, seed: 1 });
  const other = await buildImage({ platform: OTHER, seed: 2 });
  const third = await buildImage({ platform: MACHINE, seed: 3 });
  const bare = [describe(mine.root), describe(other.root)];
  const cases: readonly (readonly [string, readonly Descriptor[], ImportOptions])[] = [
    ["with one name", [named(mine, "a.b/c:1"), named(other, "a.b/c:1")], {}],
    ["in another order", [named(other, "a.b/c:1"), named(mine, "a.b/c:1")], {}],
    ["without a name", bare, { name: "a.b/c:1" }],
    ["with another name given", [named(mine, "x:1"), named(other, "x:1")], { name: "a.b/c:1" }],
    // The archive's claim is false; the config is right.
    ["with swapped platforms", [
      describe(mine.root, { platform: parsePlatform(OTHER), annotations: { [REF_NAME]: "a.b/c:1" } }),
      describe(other.root, { platform: parsePlatform(MACHINE), annotations: { [REF_NAME]: "a.b/c:1" } }),
    ], {}],
  ];
  for (const [what, entries, options] of cases) {
    await t.step(what, async () => {
      await using fixture = await makeFixture();
      assertEquals(await importInto(fixture, layoutOf(entries, [mine, other]), options), ["a.b/c:1"]);
      const record = await recordOf(fixture, "a.b/c:1");
      assertEquals([record?.manifest.digest, record?.scope], [mine.root.digest, "all-platforms"]);
      const { blobs, faults } = await verifyStore(fixture.deps, ["a.b/c:1"]);
      assertEquals([blobs, faults], [1 + 2 * (2 + mine.layers.length), []]);
    });
  }
  await t.step("two images for one platform aren't one image", async () => {
    await using fixture = await makeFixture();
    const bytes = layoutOf([describe(mine.root), describe(third.root)], [mine, third]);
    const error = await assertRejects(
      () => importInto(fixture, bytes, { name: "a.b/c:1" }),
      AppError,
      "2 images",
    );
    assertEquals(error.code, "invalid_argument");
  });
  await t.step("two names aren't one image", async () => {
    await using fixture = await makeFixture();
    const bytes = layoutOf([named(mine, "x:1"), named(other, "y:1")], [mine, other]);
    await assertRejects(() => importInto(fixture, bytes, { name: "a.b/c:1" }), AppError, "2 images");
    assertEquals(await importInto(fixture, bytes), ["docker.io/library/x:1", "docker.io/library/y:1"]);
    assertEquals((await recordOf(fixture, "docker.io/library/x:1"))?.target.digest, mine.root.digest);
  });
});

Deno.test("importImages() takes the parts of a listed index for parts of its image", async (t) => {
  const index = await buildIndex();
  const children = index.images.map(({ root }) => describe(root));
  const signature = await buildArtifact({ subject: index.root });
  const sameName = { annotations: { [REF_NAME]: "a.b/c:1" } };
  const cases: readonly (readonly [string, readonly Descriptor[], ImportOptions])[] = [
    ["children without a name", [named(index, "a.b/c:1"), ...children], {}],
    ["children first", [...children, named(index, "a.b/c:1")], {}],
    ["children with the same name", [
      named(index, "a.b/c:1"),
      ...index.images.map(({ root }) => describe(root, sameName)),
    ], {}],
    ["no names at all", [describe(index.root), ...children], { name: "a.b/c:1" }],
    ["a signature", [named(index, "a.b/c:1"), describe(signature.root)], {}],
  ];
  for (const [what, entries, options] of cases) {
    await t.step(what, async () => {
      await using fixture = await makeFixture();
      assertEquals(await importInto(fixture, layoutOf(entries, [index, signature]), options), ["a.b/c:1"]);
      assertEquals((await recordOf(fixture, "a.b/c:1"))?.target.digest, index.root.digest);
    });
  }
  await t.step("a child with another name is an image", async () => {
    await using fixture = await makeFixture();
    const [child] = index.images;
    assert(child);
    const bytes = layoutOf([named(index, "a.b/c:1"), named(child, "a.b/c:child")], [index]);
    assertEquals(await importInto(fixture, bytes), ["a.b/c:1", "a.b/c:child"]);
    assertEquals((await recordOf(fixture, "a.b/c:child"))?.target.digest, child.root.digest);
  });
});

Deno.test("importImages() replaces damaged blobs of the store", async (t) => {
  const image = await buildImage({ layers: [{ compression: "none" }] });
  const archives = [
    ["OCI", layoutOf([named(image, "a.b/c:1")], [image])],
    ["Docker", dockerArchive(image, ["a.b/c:1"])],
  ] as const;
  for (const [format, bytes] of archives) {
    for (const how of ["flip", "truncate", "remove"] as const) {
      await t.step(`${format}, ${how}`, async () => {
        await using fixture = await makeFixture();
        await importInto(fixture, bytes);
        const blobs = await Array.fromAsync(fixture.store.listBlobs(), ({ digest }) => digest);
        assertEquals(blobs.length, 3);
        for (const digest of blobs) await fixture.damage(digest, how);
        await importInto(fixture, bytes);
        assertEquals((await verifyStore(fixture.deps)).faults, []);
      });
    }
  }
  await t.step("but not by wrong bytes", async () => {
    await using fixture = await makeFixture();
    await importInto(fixture, archives[0][1]);
    const bad = archives[0][1].slice();
    const layer = image.layers[0]?.blob;
    assert(layer);
    const content = contentOf(layer).subarray(0, 200);
    const at = bad.findIndex((_, i) => content.every((byte, k) => bad[i + k] === byte));
    bad[at + 100] = (bad[at + 100] ?? 0) ^ 1;
    await importInto(fixture, bad).catch(() => {});
    assertEquals((await verifyStore(fixture.deps)).faults, []);
  });
});

Deno.test("an exported image keeps its index's digest", async (t) => {
  const index = await buildIndex({ platforms: [MACHINE, OTHER] });
  const chosen = index.images[0];
  assert(chosen);
  const pulled = async () => {
    const fixture = await makeFixture();
    fixture.remote.push("1", index);
    await pullImage(fixture.deps, "a.b/c:1", { platform: chosen.platform });
    return fixture;
  };
  for (const name of ["a.b/c:1", `a.b/c@${index.root.digest}`]) {
    await t.step(name.replace(/@.*/, "@digest"), async () => {
      await using from = await pulled();
      await using to = await makeFixture();
      await importInto(to, await exported(from, name));
      const record = await recordOf(to, name);
      assertEquals(
        [record?.target.digest, record?.manifest.digest, record?.scope],
        [index.root.digest, chosen.root.digest, "one-platform"],
      );
    });
  }
  await t.step("not an index that doesn't list the manifest", async () => {
    await using fixture = await makeFixture();
    const stranger = await buildImage({ seed: 50 });
    const annotations = {
      [REF_NAME]: "a.b/c:1",
      "dev.dray.image.target.digest": index.root.digest,
      "dev.dray.image.target.media-type": index.root.mediaType,
      "dev.dray.image.target.size": String(index.root.bytes.length),
    };
    await importInto(fixture, layoutOf([describe(stranger.root, { annotations })], [stranger, index]));
    assertEquals((await recordOf(fixture, "a.b/c:1"))?.target.digest, stranger.root.digest);
  });
});

Deno.test("a pin stays when its name is imported again with another image", async () => {
  await using fixture = await makeFixture();
  const [one, two] = [await buildImage({ seed: 1 }), await buildImage({ seed: 2 })];
  await importInto(fixture, layoutOf([named(one, "a.b/c:1")], [one]));
  await pinImage(fixture.deps, "a.b/c:1", true, neverAborted());
  await importInto(fixture, layoutOf([named(two, "a.b/c:1")], [two]));
  const pins = (await fixture.store.listImages()).map(({ name, pinned }) => [name, pinned]);
  assertEquals(
    new Map(pins as [string, boolean][]),
    new Map([
      ["a.b/c:1", true],
      [`a.b/c@${one.root.digest}`, false],
      [`a.b/c@${two.root.digest}`, true],
    ]),
  );
});
