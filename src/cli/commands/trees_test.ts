import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../../tests/assert.ts";
import { buildImage, type ImageSpec, writeLayout } from "../../../tests/images/mod.ts";
import { type TestEntry, writeArchive } from "../../tar/archive_fake.ts";
import { make } from "../../unpack/apply/layer_fake.ts";
import { dray } from "../test_kit.ts";
import { mountOptionsOf, notesOn } from "./mount_options.ts";
import { skippedText } from "./unpack.ts";

const { file, directory } = make;
const BASE = [directory("etc"), file("etc/hosts", "localhost")];

interface Box extends AsyncDisposable {
  readonly folder: string;
  /** Puts an image into the store. */
  add(name: string, layers: readonly (readonly TestEntry[])[], spec?: ImageSpec): Promise<void>;
  run(args: readonly string[], options?: Parameters<typeof dray>[1]): ReturnType<typeof dray>;
}

async function box(): Promise<Box> {
  const folder = await Deno.makeTempDir({ prefix: "dray-cli-" });
  const run: Box["run"] = (args, options = {}) =>
    dray(args, { env: { DRAY_STORE: `${folder}/store` }, ...options });
  return {
    folder,
    run,
    async add(name, layers, spec = {}) {
      const archives = layers.map((entries) => ({ archive: Uint8Array.from(writeArchive(entries)) }));
      const layout = `${folder}/layout-${crypto.randomUUID()}`;
      await writeLayout(layout, "x", await buildImage({ layers: archives, ...spec }));
      const { code, err } = await run(["import", "--name", name, layout]);
      assertEquals(code, 0, err);
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test("dray import prints names, or images as JSON, and says what it read", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE]);
  const archive = `${at.folder}/image.tar`;
  assertEquals((await at.run(["export", "-q", "a.b/c:1", "-o", archive])).code, 0);
  const text = await at.run(["import", archive, "--name", "x:2"]);
  assertEquals([text.code, text.out], [0, "docker.io/library/x:2\n"]);
  assertMatch(text.err, /^Imported 1 name, .*B read\n$/);
  const json = await at.run(["import", "-q", archive, "--json"]);
  const [image] = JSON.parse(json.out);
  assertEquals([json.err, image.names], ["", ["a.b/c:1", "docker.io/library/x:2"]]);
});

Deno.test("dray import refuses what it can't read, and a terminal", async () => {
  await using at = await box();
  const missing = await at.run(["import", `${at.folder}/nothing`]);
  assertEquals([missing.code, missing.out], [2, ""]);
  await Deno.writeTextFile(`${at.folder}/text`, "no archive".repeat(1000));
  assertEquals((await at.run(["import", `${at.folder}/text`])).code, 1);
  const terminal = await at.run(["import", "-"], {
    isTerminal: true,
    env: { DRAY_STORE: `${at.folder}/store` },
  });
  assertEquals(terminal.code, 2);
  assertStringIncludes(terminal.err, "standard input is a terminal");
});

Deno.test("dray export refuses lines that make no sense", async (t) => {
  await using at = await box();
  const terminal = { isTerminal: true, env: { DRAY_STORE: `${at.folder}/store` } };
  const cases: readonly (readonly [args: readonly string[], says: string, options?: typeof terminal])[] = [
    [["x"], "--output is missing"],
    [["x", "-o", "-", "-f", "oci-dir"], "no folder"],
    [["x", "y", "-o", "file", "-f", "rootfs"], "there are 2"],
    [["x", "-o", "-"], "is a terminal", terminal],
    [["x", "-o", "file", "-f", "zip"], "zip"],
  ];
  for (const [args, says, options] of cases) {
    await t.step(args.join(" "), async () => {
      const { code, out, err } = await at.run(["export", ...args], options);
      assertEquals([code, out], [2, ""], err);
      assertStringIncludes(err, says);
    });
  }
});

Deno.test("dray export writes a file only if it is whole, and replaces an old one by it", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE]);
  const file = `${at.folder}/out.tar`;
  await Deno.writeTextFile(file, "old", { mode: 0o600 });
  const missing = await at.run(["export", "a.b/c:1", "nothing", "-o", file]);
  assertEquals(missing.code, 3);
  assertEquals(await Deno.readTextFile(file), "old");
  const { code, err } = await at.run(["export", "a.b/c:1", "-o", file]);
  assertEquals(code, 0);
  assertMatch(err, /^Exported 1 image, .*B, to .*out\.tar\n$/);
  assert((await Deno.stat(file)).size > 1000);
  assertEquals(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
  const left = [...Deno.readDirSync(at.folder)].filter(({ name }) => name.endsWith(".tmp"));
  assertEquals(left, []);
  const nowhere = await at.run(["export", "a.b/c:1", "-o", `${at.folder}/no/such/file`]);
  assertEquals(nowhere.code, 2);
  const folder = await at.run(["export", "a.b/c:1", "-o", at.folder]);
  assertEquals(folder.code, 2);
});

Deno.test("dray export ends quietly when who reads the archive has gone", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE]);
  const env = { DRAY_STORE: `${at.folder}/store` };
  for (const format of ["oci-archive", "rootfs"]) {
    const ended = await at.run(["export", "a.b/c:1", "-f", format, "-o", "-"], { isClosed: true, env });
    assertEquals([ended.code, ended.out, ended.err], [141, "", ""]);
  }
});

Deno.test("dray export --format oci-dir makes a layout that dray import takes", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE]);
  assertEquals(
    (await at.run(["export", "a.b/c:1", "-q", "-f", "oci-dir", "-o", `${at.folder}/dir`])).code,
    0,
  );
  const names = Array.from(Deno.readDirSync(`${at.folder}/dir`), ({ name }) => name).sort();
  assertEquals(names, ["blobs", "index.json", "oci-layout"]);
  assertEquals((await at.run(["import", `${at.folder}/dir`])).out, "a.b/c:1\n");
});

Deno.test("dray unpack prints the directory, and reports layers and skipped attributes", async () => {
  await using at = await box();
  const xattrs = new Map([["trusted.overlay.opaque", new Uint8Array([121])]]);
  await at.add("a.b/c:1", [BASE, [file("odd", "", { xattrs })]]);
  const text = await at.run(["unpack", "a.b/c:1", `${at.folder}/one`]);
  assertEquals([text.code, text.out], [0, `${at.folder}/one\n`]);
  const [first, second, summary, left] = text.err.split("\n");
  assertMatch(first ?? "", /^Layer 1 of 2: 2 entries, /);
  assertMatch(second ?? "", /^Layer 2 of 2: 1 entry, /);
  assertMatch(summary ?? "", /^Unpacked a\.b\/c:1: 2 layers, 3 entries, /);
  assertStringIncludes(left ?? "", "warning: 1 overlayfs attribute ignored");
  assertEquals(await Deno.readTextFile(`${at.folder}/one/etc/hosts`), "localhost");
  const json = await at.run(["unpack", "-q", "--json", "a.b/c:1", `${at.folder}/two`]);
  const { leftOut, layers } = JSON.parse(json.out);
  assertEquals([leftOut.length, leftOut[0].kind, layers.length], [1, "overlay-xattr", 2]);
  const strict = await at.run(["unpack", "--strict", "a.b/c:1", `${at.folder}/three`]);
  assertEquals([strict.code, strict.out], [8, ""]);
  const again = await at.run(["unpack", "a.b/c:1", `${at.folder}/one`]);
  assertEquals([again.code, again.out], [1, ""]);
  assertStringIncludes(again.err, "not empty; choose a new or empty directory");
});

Deno.test("dray unpack --bundle makes a bundle", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE], { runConfig: { Cmd: ["/run"] } });
  assertEquals((await at.run(["unpack", "-q", "--bundle", "a.b/c:1", `${at.folder}/b`])).code, 0);
  assertEquals(JSON.parse(await Deno.readTextFile(`${at.folder}/b/config.json`)).process.args, ["/run"]);
  assertEquals(await Deno.readTextFile(`${at.folder}/b/rootfs/etc/hosts`), "localhost");
});

Deno.test("skippedText() says how many, why, and which", () => {
  assertEquals(
    skippedText({ kind: "owner", count: 7, examples: ["", "b"] }),
    "7 owners could not be set (only root can change ownership): /, /b and 5 more",
  );
  assertEquals(
    skippedText({ kind: "device", count: 1, examples: ["dev/null"] }),
    "1 device could not be created (needs root and --allow-ffi): /dev/null",
  );
});

Deno.test("dray mount-options names the layers, the highest first, once they are unpacked", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE, [file("two", "2")]]);
  const before = await at.run(["mount-options", "a.b/c:1"]);
  assertEquals([before.code, before.out], [3, ""]);
  assertStringIncludes(before.err, "mount-options --unpack");
  const text = await at.run(["mount-options", "--unpack", "a.b/c:1"]);
  assertEquals([text.code, text.err], [0, ""]);
  const [top, bottom] = text.out.trim().replace(/^lowerdir=/, "").split(":");
  assertEquals(await Deno.readTextFile(`${top}/two`), "2");
  assertEquals(await Deno.readTextFile(`${bottom}/etc/hosts`), "localhost");
  const json = JSON.parse((await at.run(["mount-options", "--json", "a.b/c:1"])).out);
  assertEquals(json, { lowerdir: [top, bottom], options: text.out.trim() });
});

Deno.test("mountOptionsOf() escapes what mount takes for an end", () => {
  assertEquals(mountOptionsOf(["/a", "/b"]), "lowerdir=/a:/b");
  assertEquals(mountOptionsOf(["/a,b:c\\d"]), "lowerdir=/a\\,b\\:c\\\\d");
});

Deno.test("notesOn() tells what the kernel does not take", () => {
  assertEquals(notesOn(["/a", "/b"], "x"), []);
  assertStringIncludes(notesOn(["/a"], "x").join(), "one layer");
  assertEquals(notesOn(["/a", "/b"], "x".repeat(4095)), []);
  assertStringIncludes(notesOn(["/a", "/b"], "x".repeat(4096)).join(), "at most 4095");
});

Deno.test("dray diff shows layers and paths", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE]);
  await at.add("a.b/c:2", [BASE, [file("etc/hosts", "other"), file("new", "x")]]);
  const text = await at.run(["diff", "a.b/c:1", "a.b/c:2"]);
  assertMatch(
    text.out,
    /^IN +LAYER\nboth +sha256:\w+\nsecond +sha256:\w+\n\nCHANGE +WHAT +PATH\nchanged +content +\/etc\/hosts\nadded +\/new\n$/,
  );
  assertEquals(text.err, "1 layer shared; 1 added, 1 changed, 0 removed\n");
  const json = JSON.parse((await at.run(["diff", "--json", "a.b/c:2", "a.b/c:1"])).out);
  assertEquals(json.changes, [
    { path: "etc/hosts", kind: "changed", what: ["content"] },
    { path: "new", kind: "removed", what: [] },
  ]);
  const same = await at.run(["diff", "a.b/c:1", "a.b/c:1"]);
  assertEquals(same.err, "1 layer shared; no path differs\n");
});

Deno.test("dray gc tells which unpacked layers went", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE]);
  await at.run(["mount-options", "--unpack", "a.b/c:1"]);
  await at.run(["rm", "-q", "--all-tags", "a.b/c:1"]);
  const dry = await at.run(["gc", "-n"]);
  assertMatch(dry.out, /^unpacked layer sha256:\w+$/m);
  assertStringIncludes(dry.err, "1 unpacked layer");
  assertEquals(JSON.parse((await at.run(["gc", "--json"])).out).layers.length, 1);
  assertEquals(JSON.parse((await at.run(["gc", "--json"])).out).layers, []);
});

Deno.test("dray unpack and dray export change nothing in the store", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE]);
  const store = `${at.folder}/store`;
  const times = () =>
    [store, `${store}/blobs/sha256`, `${store}/index.json`].map((path) => Deno.statSync(path).mtime);
  const before = times();
  assertEquals((await at.run(["unpack", "-q", "a.b/c:1", `${at.folder}/out`])).code, 0);
  assertEquals((await at.run(["export", "-q", "a.b/c:1", "-o", `${at.folder}/out.tar`])).code, 0);
  assertEquals(times(), before);
});
