import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { makeFixture } from "../../../tests/fakes/fixture.ts";
import {
  buildDocument,
  buildImage,
  buildIndex,
  type LayerSpec,
  memoryBlob,
  randomBytes,
  type TestImage,
} from "../../../tests/images/mod.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import { OCI_LAYER, OCI_LAYER_GZIP } from "../../oci/media_type.ts";
import { pullImage } from "../pull/pull.ts";
import { diffImages } from "../unpack/diff.ts";
import { unpackImage } from "../unpack/unpack.ts";
import { findLayered } from "./layers.ts";

/** An image with the config of another one, and other bytes as its only layer. */
async function impostorOf(
  image: TestImage,
  mediaType: string,
  bytes = randomBytes(500, 9),
): Promise<TestImage> {
  const layer = await memoryBlob(bytes);
  const fields = JSON.parse(new TextDecoder().decode(image.root.bytes));
  const layers = [{ mediaType, digest: layer.digest, size: layer.size }];
  const root = await buildDocument(image.root.mediaType, { ...fields, layers });
  return { ...image, root, documents: [root], blobs: [...image.blobs.slice(0, 1), layer] };
}

Deno.test("pullImage() refuses an uncompressed layer whose digest isn't its diff id", async (t) => {
  const image = await buildImage({ layers: [{ compression: "none" }] });
  await t.step("refused", async () => {
    await using fixture = await makeFixture();
    fixture.remote.push("1", await impostorOf(image, OCI_LAYER));
    const error = await assertRejects(() => pullImage(fixture.deps, "a.b/c:1"), AppError, "diff id");
    assertEquals(error.code, "digest_mismatch");
    assertEquals(await fixture.store.listImages(), []);
  });
  const gzipAsTar: LayerSpec = { compression: "gzip", mediaType: OCI_LAYER };
  const harmless: readonly (readonly [string, TestImage])[] = [
    ["the right uncompressed layer", image],
    [
      "a compressed layer with the media type of an uncompressed one",
      await buildImage({ layers: [gzipAsTar] }),
    ],
  ];
  for (const [what, accepted] of harmless) {
    await t.step(`accepted: ${what}`, async () => {
      await using fixture = await makeFixture();
      fixture.remote.push("1", accepted);
      assertEquals((await pullImage(fixture.deps, "a.b/c:1")).image.id, accepted.config.digest);
    });
  }
});

Deno.test("an image id is unpacked even if another image claims the id with other layers", async (t) => {
  const image = await buildImage({ layers: 1 });
  const fixtureWithBoth = async () => {
    const fixture = await makeFixture();
    fixture.remote.push("1", image);
    await pullImage(fixture.deps, "a.b/honest:1");
    fixture.remote.push("1", await impostorOf(image, OCI_LAYER_GZIP));
    await pullImage(fixture.deps, "a.b/impostor:1");
    return fixture;
  };
  await t.step("unpack", async () => {
    await using fixture = await fixtureWithBoth();
    const { store, root } = fixture;
    const { layers } = await unpackImage({ store }, image.config.digest, `${root}/out`, {}, neverAborted());
    assertEquals(layers.length, 1);
  });
  await t.step("diff", async () => {
    await using fixture = await fixtureWithBoth();
    const { config: { digest } } = image;
    assertEquals((await diffImages(fixture.store, digest, "a.b/honest:1", neverAborted())).changes, []);
  });
  await t.step("the impostor's own name is refused", async () => {
    await using fixture = await fixtureWithBoth();
    const { store, root } = fixture;
    await assertRejects(
      () => unpackImage({ store }, "a.b/impostor:1", `${root}/out`, {}, neverAborted()),
      AppError,
    );
  });
  await t.step("an error if no image has the layers", async () => {
    await using fixture = await makeFixture();
    const { deps, store, remote, root } = fixture;
    for (const seed of [1, 2]) {
      remote.push("1", await impostorOf(image, OCI_LAYER_GZIP, randomBytes(500, seed)));
      await pullImage(deps, `a.b/impostor${seed}:1`);
    }
    const error = await assertRejects(
      () => unpackImage({ store }, image.config.digest, `${root}/out`, {}, neverAborted()),
      AppError,
    );
    assertEquals(error.code, "digest_mismatch");
  });
});

Deno.test("findLayered() by digest needs the index that has the digest", async () => {
  await using fixture = await makeFixture();
  const { deps, store, remote, damage } = fixture;
  const index = await buildIndex({ platforms: ["linux/amd64"] });
  const [image] = index.images;
  assert(image);
  remote.push("1", index);
  await pullImage(deps, "a.b/c:1", { platform: image.platform });
  const name = `a.b/c@${index.root.digest}`;
  assertEquals((await findLayered(store, name)).summary.id, image.config.digest);
  await damage(index.root.digest, "flip");
  const error = await assertRejects(() => findLayered(store, name), AppError);
  assertEquals(error.code, "store_corrupt");
  assertEquals((await findLayered(store, "a.b/c:1")).summary.id, image.config.digest);
});
