import { assertEquals } from "../../../tests/assert.ts";
import { type Fixture, makeFixture } from "../../../tests/fakes/fixture.ts";
import { buildImage } from "../../../tests/images/mod.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import type { TestEntry } from "../../tar/archive_fake.ts";
import { writeArchive } from "../../tar/archive_fake.ts";
import { make } from "../../unpack/apply/layer_fake.ts";
import { diffImages, type ImageDiff, type PathChange } from "./diff.ts";
import { pullImage } from "../pull/pull.ts";

const { file, directory, symlink, hardlink, device } = make;

async function image(
  fixture: Fixture,
  tag: string,
  layers: readonly (readonly TestEntry[])[],
): Promise<void> {
  const archives = layers.map((entries) => ({ archive: Uint8Array.from(writeArchive(entries)) }));
  fixture.remote.push(tag, await buildImage({ layers: archives }));
  await pullImage(fixture.deps, `a.b/c:${tag}`);
}

async function diff(
  first: readonly (readonly TestEntry[])[],
  second: readonly (readonly TestEntry[])[],
): Promise<ImageDiff> {
  await using fixture = await makeFixture();
  await image(fixture, "1", first);
  await image(fixture, "2", second);
  return await diffImages(fixture.store, "a.b/c:1", "a.b/c:2", neverAborted());
}

const BASE = [directory("etc"), file("etc/hosts", "localhost"), file("etc/motd", "hello")];

Deno.test("diffImages() finds no difference between images of the same layers", async () => {
  const { sharedLayers, onlyFirst, onlySecond, changes } = await diff([BASE], [BASE]);
  assertEquals([sharedLayers.length, onlyFirst, onlySecond, changes], [1, [], [], []]);
});

Deno.test("diffImages() finds no difference between equal trees of different layers", async () => {
  const split = [[directory("etc"), file("etc/motd", "old")], BASE.slice(1)];
  const { sharedLayers, onlyFirst, onlySecond, changes } = await diff([BASE], split);
  assertEquals([sharedLayers, onlyFirst.length, onlySecond.length, changes], [[], 1, 2, []]);
});

Deno.test("diffImages() lists added, changed and removed paths, sorted", async () => {
  const change = [file("etc/new", "x"), file("etc/.wh.motd"), file("etc/hosts", "other host")];
  const { sharedLayers, changes } = await diff([BASE], [BASE, change]);
  assertEquals(sharedLayers.length, 1);
  assertEquals(changes, [
    { path: "etc/hosts", kind: "changed", what: ["content"] },
    { path: "etc/motd", kind: "removed", what: [] },
    { path: "etc/new", kind: "added", what: [] },
  ]);
});

const xattrs = new Map([["user.a", new Uint8Array([1])]]);
const time = { seconds: 7, nanoseconds: 5 };
const CASES: readonly (readonly [what: PathChange["what"][number], before: TestEntry, after: TestEntry])[] = [
  ["content", file("a", "one"), file("a", "two")],
  ["content", file("a", "one"), file("a", "longer")],
  ["mode", file("a", "", { mode: 0o644 }), file("a", "", { mode: 0o4755 })],
  ["owner", file("a", "", { uid: 1 }), file("a", "", { uid: 2 })],
  ["time", file("a"), file("a", "", { mtime: time })],
  ["xattrs", file("a"), file("a", "", { xattrs })],
  ["target", symlink("a", "x"), symlink("a", "y")],
  ["device", device("a", 1, 3), device("a", 1, 5)],
  ["type", file("a"), directory("a")],
  ["type", symlink("a", "x"), file("a")],
];

Deno.test("diffImages() lists the changed properties of a path", async (t) => {
  for (const [what, before, after] of CASES) {
    await t.step(`${what}: ${before.entry.kind}`, async () => {
      const { changes } = await diff([[before]], [[after]]);
      assertEquals(changes.map(({ path, kind, what }) => [path, kind, what]), [["a", "changed", [what]]]);
    });
  }
});

Deno.test("diffImages() treats holes and zeros as equal", async () => {
  const zeros = "\0".repeat(70_000);
  const written = file("a", `x${zeros}y${zeros}`);
  const holes = file("b", "");
  assertEquals((await diff([[written]], [[holes, written], [file(".wh.b")]])).changes, []);
  const longer = file("a", `x${zeros}y${zeros}\0`);
  assertEquals((await diff([[written]], [[longer]])).changes.map(({ what }) => what), [["content"]]);
  const elsewhere = file("a", `x${zeros}\0${zeros}`.slice(0, -1) + "y");
  assertEquals((await diff([[written]], [[elsewhere]])).changes.map(({ what }) => what), [["content"]]);
});

Deno.test("diffImages() compares the content of a hard link", async () => {
  const { changes } = await diff([[file("a", "one"), hardlink("b", "a")]], [[
    file("a", "one"),
    hardlink("b", "a"),
  ], [file("a", "two")]]);
  assertEquals(changes.map(({ path, what }) => [path, what]), [["a", ["content"]]]);
});
