import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { type Fixture, makeFixture } from "../../../tests/fakes/fixture.ts";
import { buildArtifact, buildImage, type TestImage } from "../../../tests/images/mod.ts";
import { randomBytes } from "../../../tests/images/content.ts";
import { counted } from "../../../tests/threads.ts";
import { toHex } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { workersOf } from "../../base/concurrency/worker.ts";
import type { PullEvent } from "../model/events.ts";
import { type TestEntry, writeArchive } from "../../tar/archive_fake.ts";
import { make } from "../../unpack/apply/layer_fake.ts";
import { pullImage } from "./pull.ts";
import { layerPaths } from "../unpack/unpack_layers.ts";

// Everything is owned by the user of the tests, so that an ordinary user can run them too.
const { file, directory, hardlink } = make;
const archiveOf = (...entries: readonly TestEntry[]) => ({ archive: Uint8Array.from(writeArchive(entries)) });
const BASE = archiveOf(directory("d"), file("d/a", "one"));
const LAYERS = [BASE, archiveOf(file("d/b", "two")), archiveOf(file("d/c", "three"))];

async function pushed(fixture: Fixture, spec: Parameters<typeof buildImage>[0] = {}): Promise<TestImage> {
  const image = await buildImage({ layers: LAYERS, ...spec });
  fixture.remote.push("1", image);
  return image;
}

const inLayers = (fixture: Fixture) =>
  [...Deno.readDirSync(`${fixture.root}/layers`)].map(({ name }) => name);

Deno.test("pullImage() with unpack unpacks the layers before it records the name", async () => {
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

Deno.test("pullImage() with unpack unpacks an image that is already stored, and each layer once", async () => {
  await using fixture = await makeFixture();
  await pushed(fixture);
  await pullImage(fixture.deps, "a.b/c:1");
  await pullImage(fixture.deps, "a.b/c:1", { unpack: true });
  const paths = await layerPaths(fixture.store, "a.b/c:1");
  const before = paths.map((path) => Deno.statSync(path).ino);
  await pullImage(fixture.deps, "a.b/c:1", { unpack: true });
  assertEquals(paths.map((path) => Deno.statSync(path).ino), before);
});

Deno.test("pullImage() with unpack unpacks the largest waiting layer first", async () => {
  await using fixture = await makeFixture();
  // All are larger than the blobs that are checked late, so all are known to be stored before the first is
  // unpacked.
  const lengths = [70, 80, 90, 300, 100];
  const specs = lengths.map((length) => archiveOf(file("f", "x".repeat(length * 1024))));
  const { layers } = await pushed(fixture, {
    layers: specs.map((spec) => ({ ...spec, compression: "none" })),
  });
  await pullImage(fixture.deps, "a.b/c:1");
  const started: (number | undefined)[] = [];
  await pullImage(fixture.deps, "a.b/c:1", {
    unpack: true,
    onEvent(event) {
      if (event.kind !== "blob" || event.state !== "unpacking") return;
      started.push(lengths[layers.findIndex(({ blob }) => blob.digest === event.digest)]);
    },
  });
  assertEquals(started, [300, 100, 90, 80, 70]);
});

Deno.test("pullImage() with unpack decompresses large gzip layers on two threads once all blobs are stored", async () => {
  await using fixture = await makeFixture();
  const specs = [1, 2].map((seed) => archiveOf(file("f", toHex(randomBytes(1_300_000, seed)))));
  await pushed(fixture, { layers: specs });
  const { counts, counting } = counted(workersOf(import.meta.resolve("../thread.ts")));
  await pullImage(fixture.deps, "a.b/c:1");
  await pullImage({ ...fixture.deps, startWorker: counting }, "a.b/c:1", { unpack: true });
  assertEquals(counts, { started: 2, ended: 2 });
});

Deno.test("pullImage() with unpack unpacks an image whose layers share one blob", async () => {
  await using fixture = await makeFixture();
  await pushed(fixture, { layers: [BASE, BASE, BASE] });
  await pullImage(fixture.deps, "a.b/c:1", { unpack: true });
  const paths = await layerPaths(fixture.store, "a.b/c:1");
  assertEquals(new Set(paths).size, 3);
  for (const path of paths) assertEquals(await Deno.readTextFile(`${path}/d/a`), "one");
});

Deno.test("pullImage() with unpack records no image whose layer can't be unpacked", async () => {
  await using fixture = await makeFixture();
  const bad = archiveOf(hardlink("x", "nowhere"));
  await pushed(fixture, { layers: [BASE, bad] });
  const error = await assertRejects(() => pullImage(fixture.deps, "a.b/c:1", { unpack: true }), AppError);
  assertEquals(error.code, "invalid_content");
  assertEquals(await fixture.store.listImages(), []);
  assertEquals(inLayers(fixture), []);
  // Without unpacking, the pull succeeds.
  await pullImage(fixture.deps, "a.b/c:1");
});

Deno.test("pullImage() with unpack stops fetching when a layer can't be unpacked", async () => {
  await using fixture = await makeFixture();
  const bad = archiveOf(hardlink("x", "nowhere"));
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

Deno.test("an abort while layers are unpacked leaves no partial layer", async () => {
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

Deno.test("pullImage() with unpack warns about skipped attributes of a layer", async () => {
  await using fixture = await makeFixture();
  const xattrs = new Map([["trusted.overlay.opaque", new Uint8Array([121])]]);
  await pushed(fixture, { layers: [BASE, archiveOf(file("odd", "", { xattrs }))] });
  const warnings: string[] = [];
  const onEvent = (event: PullEvent) => void (event.kind === "warning" && warnings.push(event.message));
  await pullImage(fixture.deps, "a.b/c:1", { unpack: true, onEvent });
  assertEquals(warnings.length, 1);
  assert(warnings[0]?.endsWith("is incomplete: 1 overlayfs attribute ignored"), warnings[0]);
});
