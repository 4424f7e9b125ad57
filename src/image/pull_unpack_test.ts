import { assert, assertEquals, assertRejects } from "../../tests/assert.ts";
import { type Fixture, makeFixture } from "../../tests/fakes/fixture.ts";
import { buildArtifact, buildImage, type TestImage } from "../../tests/images/mod.ts";
import { AppError } from "../base/errors.ts";
import type { PullEvent } from "./events.ts";
import { pullImage } from "./pull.ts";
import { layerPaths } from "./unpack_layers.ts";

const LAYERS = [
  { entries: [{ name: "d", type: "directory" }, { name: "d/a", content: "one" }] },
  { entries: [{ name: "d/b", content: "two" }] },
  { entries: [{ name: "d/c", content: "three" }] },
] as const;

async function pushed(fixture: Fixture, spec: Parameters<typeof buildImage>[0] = {}): Promise<TestImage> {
  const image = await buildImage({ layers: LAYERS, ...spec });
  fixture.remote.push("1", image);
  return image;
}

const inLayers = (fixture: Fixture) =>
  [...Deno.readDirSync(`${fixture.root}/layers`)].map(({ name }) => name);

Deno.test("pullImage() with unpack makes the layers ready before the image has its name", async () => {
  await using fixture = await makeFixture();
  const { layers } = await pushed(fixture);
  const events: PullEvent[] = [];
  let readyAtRecord = 0;
  await pullImage(fixture.deps, "a.b/c:1", {
    unpack: true,
    onEvent(event) {
      events.push(event);
      if (event.kind === "recorded") readyAtRecord = inLayers(fixture).length;
    },
  });
  assertEquals(readyAtRecord, 3);
  assertEquals((await layerPaths(fixture.store, "a.b/c:1")).length, 3);
  for (const { blob } of layers) {
    const states = events.flatMap((event) =>
      event.kind === "blob" && event.digest === blob.digest ? [event.state] : []
    );
    assertEquals(states.slice(-2), ["unpacking", "unpacked"], states.join());
  }
});

Deno.test("pullImage() with unpack unpacks an image that is here already, and nothing twice", async () => {
  await using fixture = await makeFixture();
  await pushed(fixture);
  await pullImage(fixture.deps, "a.b/c:1");
  await pullImage(fixture.deps, "a.b/c:1", { unpack: true });
  const paths = await layerPaths(fixture.store, "a.b/c:1");
  const before = paths.map((path) => Deno.statSync(path).ino);
  await pullImage(fixture.deps, "a.b/c:1", { unpack: true });
  assertEquals(paths.map((path) => Deno.statSync(path).ino), before);
});

Deno.test("pullImage() with unpack takes an image whose layers are one blob", async () => {
  await using fixture = await makeFixture();
  await pushed(fixture, { layers: [LAYERS[0], LAYERS[0], LAYERS[0]] });
  await pullImage(fixture.deps, "a.b/c:1", { unpack: true });
  const paths = await layerPaths(fixture.store, "a.b/c:1");
  assertEquals(new Set(paths).size, 3);
  for (const path of paths) assertEquals(await Deno.readTextFile(`${path}/d/a`), "one");
});

Deno.test("pullImage() with unpack names no image whose layer can't be unpacked", async () => {
  await using fixture = await makeFixture();
  const bad = { entries: [{ name: "x", type: "hardlink", target: "nowhere" }] } as const;
  await pushed(fixture, { layers: [LAYERS[0], bad] });
  const error = await assertRejects(() => pullImage(fixture.deps, "a.b/c:1", { unpack: true }), AppError);
  assertEquals(error.code, "invalid_content");
  assertEquals(await fixture.store.listImages(), []);
  assertEquals(inLayers(fixture), []);
  // Without it, the image is as good as any.
  await pullImage(fixture.deps, "a.b/c:1");
});

Deno.test("pullImage() with unpack does not fetch on when a layer can't be unpacked", async () => {
  await using fixture = await makeFixture();
  const bad = { entries: [{ name: "x", type: "hardlink", target: "nowhere" }] } as const;
  const { layers } = await pushed(fixture, { layers: [bad, { size: 3_000_000 }] });
  const large = layers[1]?.blob.digest;
  assert(large);
  fixture.remote.failNext(large, { kind: "hang" });
  const pull = pullImage(fixture.deps, "a.b/c:1", { unpack: true });
  const error = await assertRejects(() => pull, AppError);
  assertEquals(error.code, "invalid_content");
});

Deno.test("pullImage() with unpack refuses an artifact", async () => {
  await using fixture = await makeFixture();
  fixture.remote.push("1", await buildArtifact());
  const error = await assertRejects(() => pullImage(fixture.deps, "a.b/c:1", { unpack: true }), AppError);
  assertEquals(error.code, "unsupported");
});

Deno.test("an abort while layers are unpacked leaves none half done", async () => {
  await using fixture = await makeFixture();
  await pushed(fixture);
  const controller = new AbortController();
  const pull = pullImage(fixture.deps, "a.b/c:1", {
    unpack: true,
    signal: controller.signal,
    onEvent(event) {
      if (event.kind === "blob" && event.state === "unpacking") controller.abort(new Error("enough"));
    },
  });
  await assertRejects(() => pull, Error, "enough");
  assertEquals(inLayers(fixture), []);
  assertEquals(await fixture.store.listImages(), []);
  await pullImage(fixture.deps, "a.b/c:1", { unpack: true });
  assert((await layerPaths(fixture.store, "a.b/c:1")).length === 3);
});
