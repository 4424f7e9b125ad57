import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { type Fixture, makeFixture } from "../../../tests/fakes/fixture.ts";
import { buildImage, type TestImage } from "../../../tests/images/mod.ts";
import { withoutChown } from "../../../tests/unpack/without_chown.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import { chainIdsOf } from "../../oci/image_config.ts";
import { openStore } from "../../store/store.ts";
import { type TestEntry, writeArchive } from "../../tar/archive_fake.ts";
import { IS_ROOT, listTree, make } from "../../unpack/apply/layer_fake.ts";
import { DECODE_INLINE } from "../../unpack/decode/decode.ts";
import { findLayered, layersOf } from "../model/layers.ts";
import { pullImage } from "../pull/pull.ts";
import { removeImages } from "../gc/remove.ts";
import { collectGarbage } from "../gc/sweep.ts";
import { beginLayers, layerPaths, missingLayersText, unpackLayers } from "./unpack_layers.ts";

// Entries belong to the current user, so that an ordinary user can run the tests.
const { file, directory } = make;
const archiveOf = (...entries: readonly TestEntry[]) => Uint8Array.from(writeArchive(entries));
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

Deno.test("unpackLayers() returns the layers from the bottom to the top, each with only its files", async () => {
  await using fixture = await makeFixture();
  const { layers } = await pulled(fixture, "1");
  const error = await assertRejects(() => layerPaths(fixture.store, "a.b/c:1"), AppError);
  assertEquals(error.code, "not_found");
  const unpacked = await unpackLayers(fixture, "a.b/c:1", neverAborted());
  assertEquals(unpacked.map(({ chainId }) => chainId), await chainIdsOf(layers.map(({ diffId }) => diffId)));
  assertEquals(unpacked.map(({ metadata }) => metadata.entries), [3, 1]);
  assertEquals(await layerPaths(fixture.store, "a.b/c:1"), unpacked.map(({ path }) => path));
  assertEquals(Object.keys(listTree(unpacked[0]?.path ?? "")), ["d", "d/a", "d/b"]);
  assertEquals(Object.keys(listTree(unpacked[1]?.path ?? "")), ["d", "d/c"]);
  assertEquals(await unpackLayers(fixture, "a.b/c:1", neverAborted()), unpacked);
  assertEquals(stagedIn(fixture).length, 2);
});

Deno.test("unpackLayers() starts with the largest layer", async () => {
  await using fixture = await makeFixture();
  const lengths = [10, 30, 20];
  const compression = "none" as const;
  const archives = lengths.map((length) => archiveOf(file("f", "x".repeat(length * 1024))));
  const { layers } = await pulled(fixture, "1", archives.map((archive) => ({ archive, compression })));
  const chainIds = await chainIdsOf(layers.map(({ diffId }) => diffId));
  const started: (number | undefined)[] = [];
  const store = new Proxy(fixture.store, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: readonly unknown[]) => {
        if (name === "stageLayer") {
          started.push(lengths[chainIds.findIndex((chainId) => chainId === args[0])]);
        }
        return value.apply(target, args);
      };
    },
  });
  await unpackLayers({ store }, "a.b/c:1", neverAborted());
  assertEquals(started, [30, 20, 10]);
});

Deno.test("images share lower layers, but not a layer above other lower layers", async () => {
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

Deno.test("two tasks that unpack the same layers in a different order don't deadlock", async () => {
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
  const unpacked = await Promise.all(both.map((unpacking) => unpacking.publish(neverAborted())));
  assertEquals(unpacked[0], unpacked[1]);
  for (const unpacking of both) await unpacking[Symbol.asyncDispose]();
  assertEquals(stagedIn(fixture).length, 3);
});

Deno.test("tasks that unpack one image in parallel all get the same layers", async () => {
  await using fixture = await makeFixture();
  await pulled(fixture, "1", [BASE, NEXT, OTHER]);
  const stores = await Promise.all(Array.from({ length: 3 }, () => openStore(fixture.root)));
  const unpacked = await Promise.all(
    [fixture.store, fixture.store, ...stores].map((store) =>
      unpackLayers({ store }, "a.b/c:1", neverAborted())
    ),
  );
  for (const layers of unpacked) assertEquals(layers, unpacked[0]);
  assertEquals(stagedIn(fixture).length, 3);
});

Deno.test("an invalid layer leaves nothing, not even valid layers above it", async () => {
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

Deno.test("gc keeps the layers of an image, and removes them after its last reference", async () => {
  await using fixture = await makeFixture();
  await pulled(fixture, "1", [BASE, NEXT]);
  await pulled(fixture, "2", [BASE, OTHER]);
  const first = await unpackLayers(fixture, "a.b/c:1", neverAborted());
  const second = await unpackLayers(fixture, "a.b/c:2", neverAborted());
  const dead = `${fixture.root}/layers/.staging-${"d".repeat(64)}-dead`;
  await Deno.mkdir(`${dead}/rootfs`, { recursive: true });
  await Deno.writeTextFile(`${dead}/rootfs/file`, "x".repeat(10_000));
  const dry = await collectGarbage(fixture.deps, { dryRun: true });
  assertEquals([dry.layers, dry.remains.map(({ digest }) => digest)], [[], [`sha256:${"d".repeat(64)}`]]);
  assert(dry.freed >= 10_000 && dry.freed === dry.layerBytes, String(dry.freed));
  assertEquals(stagedIn(fixture).length, 4);
  const { swept } = await removeImages(fixture.deps, ["a.b/c:2"], { allTags: true });
  assertEquals(swept?.layers, second.slice(1).map(({ chainId }) => chainId));
  assertEquals(await layerPaths(fixture.store, "a.b/c:1"), first.map(({ path }) => path));
  assertEquals(stagedIn(fixture).length, 2);
  await fixture.store.updateImages(() => [], neverAborted());
  assertEquals((await collectGarbage(fixture.deps, { dryRun: true })).layers.length, 2);
  assertEquals((await collectGarbage(fixture.deps)).layers.length, 2);
  assertEquals(stagedIn(fixture), []);
});

Deno.test("a collection keeps the layers that an operation holds, and all while a config is damaged", async () => {
  await using fixture = await makeFixture();
  const { config } = await pulled(fixture, "1", [BASE, NEXT]);
  const [base, next] = await unpackLayers(fixture, "a.b/c:1", neverAborted());
  assert(base && next);
  await fixture.damage(config.digest, "flip");
  assertEquals((await collectGarbage(fixture.deps)).layers, []);
  {
    using pull = fixture.store.beginHold(neverAborted());
    await pull.add([next.chainId]);
    await fixture.store.updateImages(() => [], neverAborted());
    assertEquals((await collectGarbage(fixture.deps)).layers, [base.chainId]);
    assert(await fixture.store.findLayer(next.chainId));
  }
  assertEquals((await collectGarbage(fixture.deps)).layers, [next.chainId]);
});

Deno.test("unpackLayers() unpacks a layer again whose files have other sizes or are missing", async (t) => {
  const damages: readonly (readonly [string, (path: string) => Promise<void>])[] = [
    ["truncated", (path) => Deno.truncate(path)],
    ["missing", (path) => Deno.remove(path)],
    ["in a directory without a marker", (path) => Deno.remove(path.replace(/rootfs.*/, "ready.json"))],
    ["in a directory with a damaged marker", (path) => Deno.truncate(path.replace(/rootfs.*/, "ready.json"))],
  ];
  for (const [name, damage] of damages) {
    await t.step(name, async () => {
      await using fixture = await makeFixture();
      await pulled(fixture, "1");
      const [base] = await unpackLayers(fixture, "a.b/c:1", neverAborted());
      const before = listTree(base?.path ?? "");
      await damage(`${base?.path}/d/a`);
      await unpackLayers(fixture, "a.b/c:1", neverAborted());
      assertEquals(listTree(base?.path ?? ""), before);
      assertEquals(stagedIn(fixture).length, 2);
    });
  }
});

Deno.test("unpackLayers() rejects a layer whose owners it can't set", async () => {
  await using fixture = await makeFixture();
  await pulled(fixture, "1", [{ archive: archiveOf(file("a", "", { uid: IS_ROOT ? 1 : 0 })) }]);
  const error = await withoutChown(() =>
    assertRejects(
      () => unpackLayers(fixture, "a.b/c:1", neverAborted()),
      AppError,
      "1 owner could not be set",
    )
  );
  assertEquals([error.code, stagedIn(fixture)], ["permission_denied", []]);
});

Deno.test("unpackLayers() records skipped attributes", async () => {
  await using fixture = await makeFixture();
  const xattrs = new Map([["trusted.overlay.opaque", new Uint8Array([121])]]);
  await pulled(fixture, "1", [{ archive: archiveOf(file("a", "", { xattrs })) }]);
  const [layer] = await unpackLayers(fixture, "a.b/c:1", neverAborted());
  assert(layer);
  assertEquals(layer.metadata.skipped, { "overlay-xattr": 1 });
  assertEquals(
    missingLayersText(layer),
    `Layer "${layer.chainId}" is incomplete: 1 overlayfs attribute ignored`,
  );
});
