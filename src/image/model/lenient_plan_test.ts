import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../../tests/assert.ts";
import { type Fixture, makeFixture } from "../../../tests/fakes/fixture.ts";
import {
  buildDocument,
  buildImage,
  describe,
  memoryBlob,
  type TestArtifact,
  type TestImage,
} from "../../../tests/images/mod.ts";
import { AppError } from "../../base/errors.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../../oci/media_type.ts";
import { parsePlatform } from "../../oci/platform.ts";
import { collectGarbage } from "../gc/sweep.ts";
import { pullImage } from "../pull/pull.ts";
import { verifyStore } from "../verify/verify.ts";
import { inspectImage } from "./inspect.ts";

const NAME = "a.b/c:1";
const AMD64 = parsePlatform("linux/amd64");
const GONE = `sha256:${"0".repeat(64)}`;

/** An index of the given entries. `images` are stored with it. */
async function indexOfEntries(
  entries: readonly unknown[],
  images: readonly TestArtifact[],
): Promise<TestArtifact> {
  const root = await buildDocument(OCI_INDEX, {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: entries,
  });
  return {
    root,
    documents: [root, ...images.flatMap(({ documents }) => documents)],
    blobs: images.flatMap(({ blobs }) => blobs),
  };
}

/** An image whose config is replaced. */
async function withConfig(bytes: Uint8Array<ArrayBuffer>, layers = 1): Promise<TestImage> {
  const image = await buildImage({ layers });
  const config = await memoryBlob(bytes);
  const fields = JSON.parse(new TextDecoder().decode(image.root.bytes));
  const descriptor = { ...fields.config, digest: config.digest, size: bytes.length };
  const root = await buildDocument(image.root.mediaType, { ...fields, config: descriptor });
  return { ...image, root, documents: [root], blobs: [...image.blobs, config] };
}

async function pull({ deps }: Fixture, allPlatforms = false) {
  const options = allPlatforms ? { allPlatforms } : { platform: AMD64 };
  return (await pullImage(deps, NAME, options)).image;
}

/** Checks that nothing of the store counts as missing or unreferenced. */
async function checkStore({ deps }: Fixture) {
  assertEquals((await verifyStore(deps)).faults, []);
  assertEquals((await collectGarbage(deps)).blobs, []);
}

Deno.test("A pull of one platform does without entries of the index that are invalid or missing", async (t) => {
  const [image, other] = [await buildImage(), await buildImage({ seed: 2 })];
  const good = describe(image.root, { platform: image.platform });
  const unnamed = describe(image.root);
  const missing = { mediaType: OCI_MANIFEST, digest: GONE, size: 5 };
  const notJson = await buildDocument(OCI_MANIFEST, new TextEncoder().encode("{"));
  const badNested = await buildDocument(OCI_INDEX, new TextEncoder().encode("{"));
  const documents = [notJson, badNested];
  const extra: TestArtifact = { root: notJson, documents, blobs: [] };
  const artifact = await withConfig(new TextEncoder().encode("hello"));
  const cases: readonly (readonly [name: string, entries: readonly unknown[]])[] = [
    ["a negative size", [{ ...good, size: -1 }, good]],
    ["an unknown algorithm", [{ ...good, digest: "md5:abcd" }, good]],
    ["a platform that is text", [{ ...good, platform: "linux/amd64" }, good]],
    ["an empty platform", [{ ...describe(other.root), platform: { os: "", architecture: "" } }, good]],
    ["no object", [null, good, 5]],
    ["a missing nested index", [{ ...missing, mediaType: OCI_INDEX }, good]],
    ["an invalid nested index", [describe(badNested), good]],
    ["a missing manifest without a platform", [missing, unnamed]],
    ["an invalid manifest without a platform", [describe(notJson), unnamed]],
    ["an artifact without a platform", [describe(artifact.root), unnamed]],
  ];
  for (const [name, entries] of cases) {
    await t.step(name, async () => {
      await using parts = await makeFixture();
      parts.remote.push("1", await indexOfEntries(entries, [image, other, extra, artifact]));
      const summary = await pull(parts);
      assertEquals(summary.manifest.digest, image.root.digest);
      assertEquals(summary.platform, image.platform);
      await checkStore(parts);
      await inspectImage(parts.deps, NAME);
    });
  }
});

Deno.test("A pull fails if only the invalid entry could match, and says what is wrong with it", async () => {
  await using parts = await makeFixture();
  const [image, other] = [await buildImage(), await buildImage({ platform: "linux/s390x" })];
  const entries = [
    { ...describe(image.root, { platform: image.platform }), size: "5" },
    describe(other.root, { platform: other.platform }),
  ];
  parts.remote.push("1", await indexOfEntries(entries, [image, other]));
  const error = await assertRejects(() => pull(parts), AppError, "no manifest for linux/amd64");
  assertEquals(error.code, "not_found");
  assertStringIncludes(error.message, "1 unusable");
  assertStringIncludes(error.message, "manifests[0].size");
});

Deno.test("A pull of all platforms fails if an entry of the index is invalid or missing", async (t) => {
  const image = await buildImage();
  const good = describe(image.root, { platform: image.platform });
  const cases = [
    ["invalid", { ...good, size: -1 }, "invalid_content"],
    ["missing", { mediaType: OCI_INDEX, digest: GONE, size: 5 }, "not_found"],
  ] as const;
  for (const [name, entry, code] of cases) {
    await t.step(name, async () => {
      await using parts = await makeFixture();
      parts.remote.push("1", await indexOfEntries([entry, good], [image]));
      const error = await assertRejects(() => pull(parts, true), AppError);
      assertEquals(error.code, code);
    });
  }
});

Deno.test("An image whose config has no platform is an image", async (t) => {
  const image = await buildImage({ layers: 1 });
  const { os: _os, architecture: _architecture, ...rest } = JSON.parse(
    new TextDecoder().decode(image.configBytes),
  );
  for (const fields of [rest, { ...rest, os: "", architecture: "" }, { ...rest, architecture: null }]) {
    await t.step(JSON.stringify({ os: fields.os, architecture: fields.architecture }), async () => {
      await using parts = await makeFixture();
      parts.remote.push("1", await withConfig(new TextEncoder().encode(JSON.stringify(fields))));
      const summary = await pull(parts);
      assertEquals([summary.kind, summary.platform], ["image", undefined]);
      assertEquals((await inspectImage(parts.deps, NAME)).imageConfig?.diffIds.length, 1);
      await checkStore(parts);
    });
  }
});

Deno.test("An artifact whose config has the media type of an image config is stored as an artifact", async (t) => {
  for (const text of ["", "{}", "hello", '{"name":"chart"}', '{"rootfs":{"diff_ids":[]}}', "[]"]) {
    await t.step(JSON.stringify(text), async () => {
      await using parts = await makeFixture();
      const artifact = await withConfig(new TextEncoder().encode(text));
      parts.remote.push("1", artifact);
      const { image } = await pullImage(parts.deps, NAME);
      assertEquals([image.kind, image.manifest.digest], ["artifact", artifact.root.digest]);
      assert((await inspectImage(parts.deps, NAME)).imageConfig === undefined);
      await checkStore(parts);
      const error = await assertRejects(() => pullImage(parts.deps, NAME, { unpack: true }), AppError);
      assertEquals(error.code, "unsupported");
    });
  }
});

Deno.test("A config with another number of layers than the manifest is still an error", async () => {
  await using parts = await makeFixture();
  const { configBytes } = await buildImage({ layers: 2 });
  parts.remote.push("1", await withConfig(configBytes));
  const error = await assertRejects(() => pullImage(parts.deps, NAME), AppError, "2 layers");
  assertEquals(error.code, "invalid_content");
});
