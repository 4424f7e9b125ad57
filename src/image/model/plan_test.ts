import { assertEquals, assertRejects } from "../../../tests/assert.ts";
import { makeFixture } from "../../../tests/fakes/fixture.ts";
import { buildDocument, buildImage, describe, type TestImage } from "../../../tests/images/mod.ts";
import { AppError } from "../../base/errors.ts";
import { OCI_INDEX } from "../../oci/media_type.ts";
import { pullImage } from "../pull/pull.ts";

/** An image whose manifest names its first layer twice, the second time with `extra` bytes more. */
async function withSizes(extra: number): Promise<TestImage> {
  const image = await buildImage({ layers: 1 });
  const fields = JSON.parse(new TextDecoder().decode(image.root.bytes));
  const [layer] = fields.layers;
  const layers = [layer, { ...layer, size: layer.size + extra }];
  const config = JSON.parse(new TextDecoder().decode(image.configBytes));
  config.rootfs.diff_ids.push(config.rootfs.diff_ids[0]);
  const bytes = new TextEncoder().encode(JSON.stringify(config));
  const changed = await buildDocument(fields.config.mediaType, bytes);
  const root = await buildDocument(image.root.mediaType, { ...fields, config: describe(changed), layers });
  const configBlob = { digest: changed.digest, size: bytes.length, read: () => [bytes] };
  return { ...image, root, documents: [root], blobs: [...image.blobs, configBlob] };
}

Deno.test("planPull() rejects a digest with two sizes before it fetches a blob", async (t) => {
  const rejects = async (
    push: (parts: Awaited<ReturnType<typeof makeFixture>>) => Promise<void>,
    all: boolean,
  ) => {
    await using parts = await makeFixture();
    await push(parts);
    const error = await assertRejects(
      () => pullImage(parts.deps, "a.b/c:1", { allPlatforms: all }),
      AppError,
      "two sizes",
    );
    assertEquals(error.code, "invalid_content");
    assertEquals(await Array.fromAsync(parts.store.listBlobs()), []);
    assertEquals(await parts.store.listImages(), []);
  };
  for (const extra of [1, -1]) {
    await t.step(
      `in one manifest: ${extra} byte`,
      () => rejects(async ({ remote }) => remote.push("1", await withSizes(extra)), false),
    );
  }
  await t.step("in two manifests of an index", () =>
    rejects(async ({ remote }) => {
      const [good, bad] = [await buildImage({ layers: 1 }), await withSizes(1)];
      const fields = JSON.parse(new TextDecoder().decode(bad.root.bytes));
      const single = await buildDocument(bad.root.mediaType, { ...fields, layers: fields.layers.slice(1) });
      const root = await buildDocument(OCI_INDEX, {
        schemaVersion: 2,
        mediaType: OCI_INDEX,
        manifests: [good.root, single].map((document) => describe(document)),
      });
      remote.push("1", {
        root,
        documents: [root, good.root, single],
        blobs: [...good.blobs, ...bad.blobs],
      });
    }, true));
});

Deno.test("planPull() accepts a digest that appears twice with one size", async () => {
  await using parts = await makeFixture();
  parts.remote.push("1", await withSizes(0));
  const { image } = await pullImage(parts.deps, "a.b/c:1");
  assertEquals(image.kind, "image");
});
