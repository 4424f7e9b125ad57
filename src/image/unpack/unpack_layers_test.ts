import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { type Fixture, makeFixture } from "../../../tests/fakes/fixture.ts";
import { buildImage, type TestImage } from "../../../tests/images/mod.ts";
import { neverAborted } from "../../base/abort.ts";
import { AppError } from "../../base/errors.ts";
import { chainIdsOf } from "../../oci/image_config.ts";
import { openStore } from "../../store/store.ts";
import { type Seen, writeArchive } from "../../tar/archive_fake.ts";
import { IS_ROOT, lookAt, make } from "../../unpack/apply/layer_fake.ts";
import { DECODE_INLINE } from "../../unpack/decode/decode.ts";
import { findLayered, layersOf } from "../model/layers.ts";
import { pullImage } from "../pull/pull.ts";
import { removeImages } from "../gc/remove.ts";
import { collectGarbage } from "../gc/sweep.ts";
import { beginLayers, layerPaths, missingLayersText, unpackLayers } from "./unpack_layers.ts";

// Things belong to who runs the tests, so that an ordinary user can run them too.
const { file, directory } = make;
const archiveOf = (...entries: readonly Seen[]) => Uint8Array.from(writeArchive(entries));
const BASE = { archive: archiveOf(directory("d"), file("d/a", "one"), file("d/b", "two")) };
const NEXT = { archive: archiveOf(file("d/c", "three")), compression: "zstd" } as const;
const OTHER = { archive: archiveOf(file("e", "other")) };

async function pulled(
  fixture: Fixture,
  tag: string,
  layers: NonNullable<Parameters<typeof buildImage>[0]>["layers"] = [BASE, NEXT],
): Promise<TestImage> {
  const image = await buildImage({ ...(layers && { layers }) });
  fixture.remote.push(tag, image);
  await pullImage(fixture.deps, `a.b/c:${tag}`);
  return image;
}

const stagedIn = (fixture: Fixture) =>
  [...Deno.readDirSync(`${fixture.root}/layers`)].map(({ name }) => name);

Deno.test("unpackLayers() gives the layers from the bottom to the top, each with its own files", async () => {
  await using fixture = await makeFixture();
  const { layers } = await pulled(fixture, "1");
  const error = await assertRejects(() => layerPaths(fixture.store, "a.b/c:1"), AppError);
  assertEquals(error.code, "not_found");
  const made = await unpackLayers(fixture, "a.b/c:1", neverAborted());
  assertEquals(made.map(({ chainId }) => chainId), await chainIdsOf(layers.map(({ diffId }) => diffId)));
  assertEquals(made.map(({ facts }) => facts.entries), [3, 1]);
  assertEquals(await layerPaths(fixture.store, "a.b/c:1"), made.map(({ path }) => path));
  assertEquals(Object.keys(lookAt(made[0]?.path ?? "")), ["d", "d/a", "d/b"]);
  assertEquals(Object.keys(lookAt(made[1]?.path ?? "")), ["d", "d/c"]);
  assertEquals(await unpackLayers(fixture, "a.b/c:1", neverAborted()), made);
  assertEquals(stagedIn(fixture).length, 2);
});

Deno.test("unpackLayers() begins the largest layer", async () => {
  await using fixture = await makeFixture();
  const lengths = [10, 30, 20];
  const compression = "none" as const;
  const archives = lengths.map((length) => archiveOf(file("f", "x".repeat(length * 1024))));
  const { layers } = await pulled(fixture, "1", archives.map((archive) => ({ archive, compression })));
  const chainIds = await chainIdsOf(layers.map(({ diffId }) => diffId));
  const begun: (number | undefined)[] = [];
  const store = new Proxy(fixture.store, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: readonly unknown[]) => {
        if (name === "stageLayer") begun.push(lengths[chainIds.findIndex((chainId) => chainId === args[0])]);
        return value.apply(target, args);
      };
    },
  });
  await unpackLayers({ store }, "a.b/c:1", neverAborted());
  assertEquals(begun, [30, 20, 10]);
});

Deno.test("images with the same layers below share them, and a layer above others is another one", async () => {
  await using fixture = await makeFixture();
  await pulled(fixture, "1", [BASE, NEXT]);
  await pulled(fixture, "2", [BASE, OTHER]);
  await pulled(fixture, "3", [NEXT]);
  const paths = new Set<string>();
  for (const tag of ["1", "2", "3"]) {
    for (const { path } of await unpackLayers(fixture, `a.b/c:${tag}`, neverAborted())) paths.add(path);
  }
  assertEquals(paths.size, 4);
});

Deno.test("two that unpack layers in common, begun in another order, don't wait for each other for ever", async () => {
  await using fixture = await makeFixture();
  const { layers } = await pulled(fixture, "1", [BASE, NEXT, OTHER]);
  const diffIds = layers.map(({ diffId }) => diffId);
  const stores = [fixture.store, await openStore(fixture.root)];
  const both = await Promise.all(stores.map(async (store) => {
    const found = await findLayered(store, "a.b/c:1");
    return await beginLayers({ store, decoder: DECODE_INLINE }, diffIds, layersOf(store, found));
  }));
  const [first, second] = both;
  assert(first && second);
  await first.unpack(2, neverAborted());
  await second.unpack(0, neverAborted());
  await first.unpack(0, neverAborted());
  await second.unpack(2, neverAborted());
  await second.unpack(1, neverAborted());
  const made = await Promise.all(both.map((unpacking) => unpacking.publish(neverAborted())));
  assertEquals(made[0], made[1]);
  for (const unpacking of both) await unpacking[Symbol.asyncDispose]();
  assertEquals(stagedIn(fixture).length, 3);
});

Deno.test("many that unpack one image at once all get the same layers", async () => {
  await using fixture = await makeFixture();
  await pulled(fixture, "1", [BASE, NEXT, OTHER]);
  const stores = await Promise.all(Array.from({ length: 3 }, () => openStore(fixture.root)));
  const made = await Promise.all(
    [fixture.store, fixture.store, ...stores].map((store) =>
      unpackLayers({ store }, "a.b/c:1", neverAborted())
    ),
  );
  for (const layers of made) assertEquals(layers, made[0]);
  assertEquals(stagedIn(fixture).length, 3);
});

Deno.test("a layer that is wrong leaves nothing, not even of the right ones above it", async () => {
  await using fixture = await makeFixture();
  const image = await pulled(fixture, "1", [BASE, NEXT]);
  await fixture.damage(image.layers[0]?.blob.digest ?? image.root.digest, "flip");
  await assertRejects(() => unpackLayers(fixture, "a.b/c:1", neverAborted()), AppError);
  assertEquals(stagedIn(fixture), []);
});

Deno.test("an abort ends with the signal's reason and leaves nothing", async () => {
  await using fixture = await makeFixture();
  await pulled(fixture, "1");
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => unpackLayers(fixture, "a.b/c:1", signal), Error, "enough");
  assertEquals(stagedIn(fixture), []);
});

Deno.test("gc keeps layers that an image has, and removes them with the last one", async () => {
  await using fixture = await makeFixture();
  await pulled(fixture, "1", [BASE, NEXT]);
  await pulled(fixture, "2", [BASE, OTHER]);
  const first = await unpackLayers(fixture, "a.b/c:1", neverAborted());
  const second = await unpackLayers(fixture, "a.b/c:2", neverAborted());
  await Deno.mkdir(`${fixture.root}/layers/.staging-dead/rootfs`, { recursive: true });
  assertEquals((await collectGarbage(fixture.deps, { dryRun: true })).layers, []);
  assertEquals(stagedIn(fixture).length, 4);
  await removeImages(fixture.deps, ["a.b/c:2"], { allTags: true });
  assertEquals((await collectGarbage(fixture.deps)).layers, second.slice(1).map(({ chainId }) => chainId));
  assertEquals(await layerPaths(fixture.store, "a.b/c:1"), first.map(({ path }) => path));
  await removeImages(fixture.deps, ["a.b/c:1"], { allTags: true });
  assertEquals((await collectGarbage(fixture.deps)).layers.length, 2);
  assertEquals(stagedIn(fixture), []);
});

Deno.test("layers without their owners are not for sharing", { ignore: IS_ROOT }, async () => {
  await using fixture = await makeFixture();
  await pulled(fixture, "1", [{ archive: archiveOf(file("a", "", { uid: 0 })) }]);
  const error = await assertRejects(() => unpackLayers(fixture, "a.b/c:1", neverAborted()), AppError);
  assertEquals([error.code, stagedIn(fixture)], ["permission_denied", []]);
});

Deno.test("what a layer lacks is written down", async () => {
  await using fixture = await makeFixture();
  const xattrs = new Map([["trusted.overlay.opaque", new Uint8Array([121])]]);
  await pulled(fixture, "1", [{ archive: archiveOf(file("a", "", { xattrs })) }]);
  const [layer] = await unpackLayers(fixture, "a.b/c:1", neverAborted());
  assert(layer);
  assertEquals(layer.facts.leftOut, { "overlay-xattr": 1 });
  assertEquals(
    missingLayersText(layer),
    `Layer "${layer.chainId}" was unpacked without 1 of kind "overlay-xattr"`,
  );
});
