import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { type Fixture, makeFixture } from "../../../tests/fakes/fixture.ts";
import { buildArtifact, buildImage, type ImageSpec } from "../../../tests/images/mod.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import { type TestEntry, writeArchive } from "../../tar/archive_fake.ts";
import { listTree, make } from "../../unpack/apply/layer_fake.ts";
import { pullImage } from "../pull/pull.ts";
import { unpackImage } from "./unpack.ts";

const { file, directory, symlink, hardlink } = make;

async function pulled(
  fixture: Fixture,
  layers: readonly (readonly TestEntry[])[],
  spec: ImageSpec = {},
): Promise<void> {
  const archives = layers.map((entries) => ({ archive: Uint8Array.from(writeArchive(entries)) }));
  fixture.remote.push("1", await buildImage({ layers: archives, ...spec }));
  await pullImage(fixture.deps, "a.b/c:1");
}

const LAYERS = [
  [directory("etc"), file("etc/a", "one"), file("etc/b", "two"), hardlink("etc/c", "etc/a")],
  [file("etc/.wh.b"), symlink("etc/d", "/absolute")],
];

function unpack(fixture: Fixture, to: string, options: Parameters<typeof unpackImage>[3] = {}) {
  return unpackImage(fixture, "a.b/c:1", `${fixture.root}/${to}`, options, neverAborted());
}

Deno.test("unpackImage() creates the tree of all layers, and reports each layer", async () => {
  await using fixture = await makeFixture();
  await pulled(fixture, LAYERS);
  const reports: unknown[] = [];
  const report = await unpack(fixture, "out", {
    onLayer: ({ entries }, position, total) => reports.push([entries, position, total]),
  });
  assertEquals(reports, [[4, 1, 2], [2, 2, 2]]);
  assertEquals([report.layers.length, report.skipped], [2, []]);
  assertEquals(listTree(`${fixture.root}/out`), {
    "etc": "d 755",
    "etc/a": "f 644 one",
    "etc/c": "f 644 one",
    "etc/d": "-> /absolute",
  });
});

Deno.test("unpackImage() removes the tree of an image with an invalid layer", async (t) => {
  const cases: Readonly<Record<string, readonly (readonly TestEntry[])[]>> = {
    "a hard link to nothing in the second layer": [[file("a", "x")], [hardlink("b", "nothing")]],
    "a symlink without a target": [[file("a"), symlink("b", "")]],
  };
  for (const [what, layers] of Object.entries(cases)) {
    await t.step(what, async () => {
      await using fixture = await makeFixture();
      await pulled(fixture, layers);
      const before = [...Deno.readDirSync(fixture.root)].length;
      const error = await assertRejects(() => unpack(fixture, "out"), AppError);
      assertEquals(error.code, "invalid_content");
      assertEquals([...Deno.readDirSync(fixture.root)].length, before);
    });
  }
});

Deno.test("unpackImage() writes a bundle with the user of the image's account files", async () => {
  await using fixture = await makeFixture();
  const accounts = [
    directory("etc"),
    file("etc/passwd", "root:x:0:0:::\nweb:x:33:44:::\n"),
    file("etc/group", "web:x:44:\nmore:x:55:web\n"),
  ];
  await pulled(fixture, [accounts], { runConfig: { User: "web", Cmd: ["run"], WorkingDir: "/srv" } });
  await unpack(fixture, "bundle", { bundle: true, rootless: { uid: 1000, gid: 100 } });
  const config = JSON.parse(await Deno.readTextFile(`${fixture.root}/bundle/config.json`));
  assertEquals(config.process.args, ["run"]);
  assertEquals(config.process.user, { uid: 33, gid: 44 });
  assertEquals(config.linux.uidMappings, [{ containerID: 0, hostID: 1000, size: 1 }]);
  assert((await Deno.stat(`${fixture.root}/bundle/rootfs/etc/passwd`)).isFile);
  await unpack(fixture, "roots", { bundle: true });
  const roots = JSON.parse(await Deno.readTextFile(`${fixture.root}/roots/config.json`));
  assertEquals(roots.process.user, { uid: 33, gid: 44, additionalGids: [55] });
});

Deno.test("unpackImage() writes no bundle for a user that is missing in the account files", async () => {
  await using fixture = await makeFixture();
  await pulled(fixture, LAYERS, { runConfig: { User: "nobody-knows" } });
  await assertRejects(() => unpack(fixture, "bundle", { bundle: true }), AppError, "nobody-knows");
  await assertRejects(() => Deno.stat(`${fixture.root}/bundle`), Deno.errors.NotFound);
  // A flat root file system needs no user.
  await unpack(fixture, "out");
});

const OVERLAY = new Map([["trusted.overlay.opaque", new Uint8Array([121])]]);

Deno.test("unpackImage() reports skipped attributes, and fails with strict", async () => {
  await using fixture = await makeFixture();
  await pulled(fixture, [[file("a", "x", { xattrs: OVERLAY })]]);
  const { skipped } = await unpack(fixture, "out");
  assertEquals(skipped.map(({ kind, count }) => [kind, count]), [["overlay-xattr", 1]]);
  const error = await assertRejects(() => unpack(fixture, "strict", { strict: true }), AppError);
  assertEquals([error.code, error.details], ["permission_denied", { "overlay-xattr": 1 }]);
  await assertRejects(() => Deno.stat(`${fixture.root}/strict`), Deno.errors.NotFound);
});

Deno.test("unpackImage() rejects an artifact", async () => {
  await using fixture = await makeFixture();
  fixture.remote.push("1", await buildArtifact());
  await pullImage(fixture.deps, "a.b/c:1");
  const error = await assertRejects(() => unpack(fixture, "out"), AppError);
  assertEquals(error.code, "unsupported");
});

Deno.test("unpackImage() detects a corrupt blob", async () => {
  await using fixture = await makeFixture();
  const image = await buildImage();
  fixture.remote.push("1", image);
  await pullImage(fixture.deps, "a.b/c:1");
  await fixture.damage(image.layers[1]?.blob.digest ?? image.root.digest, "truncate");
  await assertRejects(() => unpack(fixture, "out"), AppError);
  await assertRejects(() => Deno.stat(`${fixture.root}/out`), Deno.errors.NotFound);
});
