import { neverAborted } from "../../src/base/concurrency/abort.ts";
import { pullImage } from "../../src/image/pull/pull.ts";
import { unpackLayers } from "../../src/image/unpack/unpack_layers.ts";
import { unpackImage } from "../../src/image/unpack/unpack.ts";
import { openStore } from "../../src/store/store.ts";
import { writeArchive } from "../../src/tar/archive_fake.ts";
import { listTree, make } from "../../src/unpack/apply/layer_fake.ts";
import { assert, assertEquals } from "../assert.ts";
import { type Fixture, makeFixture } from "../fakes/fixture.ts";
import { buildImage } from "../images/mod.ts";

const IMAGE = "a.b/c:1";

/** Entries belong to the user that runs the tests, because an ordinary user can't change owners. */
const layer = (name: string, seed: number) => ({
  compression: "none" as const,
  archive: Uint8Array.from(writeArchive([
    make.directory(name),
    make.file(`${name}/one`, `${seed} and much more `.repeat(300)),
    make.file(`${name}/two`, `${seed}`),
  ])),
});

async function filled(): Promise<Fixture> {
  const fixture = await makeFixture();
  fixture.remote.push("1", await buildImage({ layers: [layer("a", 1), layer("b", 2), layer("c", 3)] }));
  await pullImage(fixture.deps, IMAGE);
  return fixture;
}

async function child(...args: readonly string[]): Promise<Deno.CommandStatus> {
  const script = new URL("./child.ts", import.meta.url).pathname;
  const words = ["run", "--quiet", "--no-check", "--allow-all", script, ...args];
  return await new Deno.Command(Deno.execPath(), { args: words }).spawn().status;
}

async function snapshotOf(path: string): Promise<unknown> {
  return await Promise.resolve(listTree(path));
}

/** Points, and the minimum and maximum number of layers that are ready then. */
const LAYER_POINTS: readonly (readonly [point: string, least: number, most: number])[] = [
  ["read:1", 0, 0],
  ["read:8", 0, 0],
  ["read:30", 0, 0],
  ["publish:1", 0, 0],
  ["sync:1", 0, 0],
  ["published:1", 1, 1],
  ["sync:2", 1, 1],
  ["published:3", 3, 3],
];

Deno.test("a process that is killed while it unpacks layers marks no incomplete layer as ready", async (t) => {
  await using other = await filled();
  const want = await Promise.all(
    (await unpackLayers(other, IMAGE, neverAborted())).map(({ path }) => snapshotOf(path)),
  );
  for (const [point, least, most] of LAYER_POINTS) {
    await t.step(point, async () => {
      await using fixture = await filled();
      const { signal } = await child("layers", fixture.root, IMAGE, point);
      assertEquals(signal, "SIGKILL");
      const store = await openStore(fixture.root);
      const ready = await store.listLayers();
      assert(ready.length >= least && ready.length <= most, `${ready.length} are ready`);
      const trees = await Promise.all(ready.map(({ path }) => snapshotOf(path)));
      for (const tree of trees) assert(want.some((one) => JSON.stringify(one) === JSON.stringify(tree)));
      const unpacked = await unpackLayers({ store }, IMAGE, neverAborted());
      assertEquals(await Promise.all(unpacked.map(({ path }) => snapshotOf(path))), want);
      assertEquals(
        [...Deno.readDirSync(`${fixture.root}/layers`)].length,
        3,
        "the next run deletes what is left",
      );
    });
  }
});

Deno.test("a process that is killed while it unpacks to a directory leaves no such directory, and the next one creates it", async (t) => {
  for (const point of ["read:1", "read:20"]) {
    await t.step(point, async () => {
      await using fixture = await filled();
      const out = `${fixture.root}/out`;
      await Deno.mkdir(out);
      const { signal } = await child("tree", fixture.root, IMAGE, point, `${out}/tree`);
      assertEquals(signal, "SIGKILL");
      const left = [...Deno.readDirSync(out)].map(({ name }) => name);
      assert(!left.includes("tree"), left.join());
      await unpackImage(fixture, IMAGE, `${out}/tree`, {}, neverAborted());
      assertEquals([...Deno.readDirSync(out)].map(({ name }) => name), ["tree"]);
      assertEquals(Object.keys(listTree(`${out}/tree`)).length, 9);
    });
  }
});

Deno.test("several processes that unpack one image in parallel share the work, and all succeed", async () => {
  await using fixture = await filled();
  const ends = await Promise.all(
    Array.from({ length: 3 }, () => child("layers", fixture.root, IMAGE, "none:0")),
  );
  assertEquals(ends.map(({ code }) => code), [0, 0, 0]);
  assertEquals((await fixture.store.listLayers()).length, 3);
  assertEquals([...Deno.readDirSync(`${fixture.root}/layers`)].length, 3);
});
