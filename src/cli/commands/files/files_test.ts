import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../../../tests/assert.ts";
import { buildImage, type ImageSpec, writeLayout } from "../../../../tests/images/mod.ts";
import { neverAborted } from "../../../base/concurrency/abort.ts";
import type { ImageRecord } from "../../../content/image_store.ts";
import { openStore } from "../../../store/store.ts";
import { type TestEntry, writeArchive } from "../../../tar/archive_fake.ts";
import { make } from "../../../unpack/apply/layer_fake.ts";
import { dray } from "../../test_kit.ts";
import { mountOptionsOf, mountWarnings } from "./mount_options.ts";
import { skippedText } from "./unpack.ts";

const { file, directory } = make;
const BASE = [directory("etc"), file("etc/hosts", "localhost")];

interface Box extends AsyncDisposable {
  readonly root: string;
  /** Puts an image into the store. */
  add(name: string, layers: readonly (readonly TestEntry[])[], spec?: ImageSpec): Promise<void>;
  run(args: readonly string[], options?: Parameters<typeof dray>[1]): ReturnType<typeof dray>;
}

async function box(): Promise<Box> {
  const root = await Deno.makeTempDir({ prefix: "dray-cli-" });
  const run: Box["run"] = (args, options = {}) =>
    dray(args, { env: { DRAY_STORE: `${root}/store` }, ...options });
  return {
    root,
    run,
    async add(name, layers, spec = {}) {
      const archives = layers.map((entries) => ({ archive: Uint8Array.from(writeArchive(entries)) }));
      const layout = `${root}/layout-${crypto.randomUUID()}`;
      await writeLayout(layout, "x", await buildImage({ layers: archives, ...spec }));
      const { code, err } = await run(["import", "--name", name, layout]);
      assertEquals(code, 0, err);
    },
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

Deno.test("dray import prints names, or images as JSON, and reports what it read", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE]);
  const archive = `${at.root}/image.tar`;
  assertEquals((await at.run(["export", "-q", "a.b/c:1", "-o", archive])).code, 0);
  const text = await at.run(["import", archive, "--name", "x:2"]);
  assertEquals([text.code, text.out], [0, "docker.io/library/x:2\n"]);
  assertMatch(text.err, /^Imported 1 name, .*B read\n$/);
  const json = await at.run(["import", "-q", archive, "--json"]);
  const [image] = JSON.parse(json.out);
  assertEquals([json.err, image.names], ["", ["a.b/c:1", "docker.io/library/x:2"]]);
});

Deno.test("dray import rejects unreadable sources and a terminal", async () => {
  await using at = await box();
  const missing = await at.run(["import", `${at.root}/nothing`]);
  assertEquals([missing.code, missing.out], [2, ""]);
  await Deno.writeTextFile(`${at.root}/text`, "no archive".repeat(1000));
  assertEquals((await at.run(["import", `${at.root}/text`])).code, 1);
  const terminal = await at.run(["import", "-"], {
    isTerminal: true,
    env: { DRAY_STORE: `${at.root}/store` },
  });
  assertEquals(terminal.code, 2);
  assertStringIncludes(terminal.err, "standard input is a terminal");
});

Deno.test("dray export rejects contradictory options", async (t) => {
  await using at = await box();
  const terminal = { isTerminal: true, env: { DRAY_STORE: `${at.root}/store` } };
  const cases: readonly (readonly [args: readonly string[], says: string, options?: typeof terminal])[] = [
    [["x"], "missing option --output"],
    [["x", "-o", "-", "-f", "oci-dir"], "oci-dir needs a directory"],
    [["x", "y", "-o", "file", "-f", "rootfs"], "takes one image, not 2"],
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

Deno.test("dray export writes only complete files, and replaces an existing one", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE]);
  const file = `${at.root}/out.tar`;
  await Deno.writeTextFile(file, "old", { mode: 0o600 });
  const missing = await at.run(["export", "a.b/c:1", "nothing", "-o", file]);
  assertEquals(missing.code, 3);
  assertEquals(await Deno.readTextFile(file), "old");
  const { code, err } = await at.run(["export", "a.b/c:1", "-o", file]);
  assertEquals(code, 0);
  assertMatch(err, /^Exported 1 image, .*B, to .*out\.tar\n$/);
  assert((await Deno.stat(file)).size > 1000);
  assertEquals(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
  const left = [...Deno.readDirSync(at.root)].filter(({ name }) => name.endsWith(".tmp"));
  assertEquals(left, []);
  const nowhere = await at.run(["export", "a.b/c:1", "-o", `${at.root}/no/such/file`]);
  assertEquals(nowhere.code, 2);
  const toDirectory = await at.run(["export", "a.b/c:1", "-o", at.root]);
  assertEquals(toDirectory.code, 2);
});

Deno.test("dray export ends quietly when the reader of the archive has gone away", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE]);
  const env = { DRAY_STORE: `${at.root}/store` };
  for (const format of ["oci-archive", "rootfs"]) {
    const ended = await at.run(["export", "a.b/c:1", "-f", format, "-o", "-"], { isClosed: true, env });
    assertEquals([ended.code, ended.out, ended.err], [141, "", ""]);
  }
});

Deno.test("dray export --format oci-dir writes a layout that dray import reads", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE]);
  assertEquals(
    (await at.run(["export", "a.b/c:1", "-q", "-f", "oci-dir", "-o", `${at.root}/dir`])).code,
    0,
  );
  const names = Array.from(Deno.readDirSync(`${at.root}/dir`), ({ name }) => name).sort();
  assertEquals(names, ["blobs", "index.json", "oci-layout"]);
  assertEquals((await at.run(["import", `${at.root}/dir`])).out, "a.b/c:1\n");
});

Deno.test("dray unpack prints the directory, and reports its layers and what was skipped", async () => {
  await using at = await box();
  const xattrs = new Map([["trusted.overlay.opaque", new Uint8Array([121])]]);
  await at.add("a.b/c:1", [BASE, [file("odd", "", { xattrs })]]);
  const text = await at.run(["unpack", "a.b/c:1", `${at.root}/one`]);
  assertEquals([text.code, text.out], [0, `${at.root}/one\n`]);
  const [first, second, summary, left] = text.err.split("\n");
  assertMatch(first ?? "", /^Layer 1 of 2: 2 entries, /);
  assertMatch(second ?? "", /^Layer 2 of 2: 1 entry, /);
  assertMatch(summary ?? "", /^Unpacked a\.b\/c:1: 2 layers, 3 entries, /);
  assertStringIncludes(left ?? "", "warning: 1 overlayfs attribute ignored");
  assertEquals(await Deno.readTextFile(`${at.root}/one/etc/hosts`), "localhost");
  const json = await at.run(["unpack", "-q", "--json", "a.b/c:1", `${at.root}/two`]);
  const { leftOut, layers } = JSON.parse(json.out);
  assertEquals([leftOut.length, leftOut[0].kind, layers.length], [1, "overlay-xattr", 2]);
  const strict = await at.run(["unpack", "--strict", "a.b/c:1", `${at.root}/three`]);
  assertEquals([strict.code, strict.out], [8, ""]);
  const again = await at.run(["unpack", "a.b/c:1", `${at.root}/one`]);
  assertEquals([again.code, again.out], [1, ""]);
  assertStringIncludes(again.err, "not empty; choose a new or empty directory");
});

Deno.test("dray unpack --bundle creates a bundle", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE], { runConfig: { Cmd: ["/run"] } });
  assertEquals((await at.run(["unpack", "-q", "--bundle", "a.b/c:1", `${at.root}/b`])).code, 0);
  assertEquals(JSON.parse(await Deno.readTextFile(`${at.root}/b/config.json`)).process.args, ["/run"]);
  assertEquals(await Deno.readTextFile(`${at.root}/b/rootfs/etc/hosts`), "localhost");
});

Deno.test("skippedText() shortens a long path", () => {
  const examples = ["x".repeat(50_000), "short"];
  const text = skippedText({ kind: "owner", count: 2, examples });
  assertEquals(text.length < 400 && text.endsWith(", /short"), true, text);
});

Deno.test("skippedText() reports the count, the reason and some paths", () => {
  assertEquals(
    skippedText({ kind: "owner", count: 7, examples: ["", "b"] }),
    "7 owners could not be set (only root can change ownership): /, /b and 5 more",
  );
  assertEquals(
    skippedText({ kind: "device", count: 1, examples: ["dev/null"] }),
    "1 device could not be created (run as root, and with --allow-ffi under deno run): /dev/null",
  );
});

Deno.test("dray mount-options prints the unpacked layers, the top first", async () => {
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

Deno.test("mountOptionsOf() escapes the separators of mount options", () => {
  assertEquals(mountOptionsOf(["/a", "/b"]), "lowerdir=/a:/b");
  assertEquals(mountOptionsOf(["/a,b:c\\d"]), "lowerdir=/a\\,b\\:c\\\\d");
});

Deno.test("mountWarnings() reports options that the kernel rejects", () => {
  assertEquals(mountWarnings(["/a", "/b"], "x"), []);
  assertStringIncludes(mountWarnings(["/a"], "x").join(), "one layer");
  assertEquals(mountWarnings(["/a", "/b"], "x".repeat(4095)), []);
  assertStringIncludes(mountWarnings(["/a", "/b"], "x".repeat(4096)).join(), "at most 4095");
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
  assertEquals(same.err, "1 layer shared; no paths differ\n");
});

Deno.test("dray rm and dray gc print deleted unpacked layers", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE]);
  await at.run(["mount-options", "--unpack", "a.b/c:1"]);
  assertStringIncludes((await at.run(["rm", "--all-tags", "a.b/c:1"])).err, "1 unpacked layer");
  assertEquals([...Deno.readDirSync(`${at.root}/store/layers`)], []);

  await at.add("a.b/c:1", [BASE]);
  await at.run(["mount-options", "--unpack", "a.b/c:1"]);
  const store = await openStore(`${at.root}/store`);
  await store.updateImages(() => [], neverAborted());
  await Deno.mkdir(`${at.root}/store/layers/.staging-${"d".repeat(64)}-dead`);
  const df = JSON.parse((await at.run(["df", "--json"])).out);
  assert(df.unusedLayers > 0 && df.layerBytes > 0);
  const dry = await at.run(["gc", "-n"]);
  assertMatch(dry.out, /^unpacked layer sha256:\w+$/m);
  assertMatch(dry.out, /^incomplete layer sha256:d+ /m);
  assertStringIncludes(dry.err, "1 unpacked layer, 1 incomplete layer");
  const swept = JSON.parse((await at.run(["gc", "--json"])).out);
  assertEquals([swept.layers.length, swept.remains.length, swept.layerBytes], [1, 1, df.unusedLayers]);
  assertEquals(JSON.parse((await at.run(["gc", "--json"])).out).layers, []);
});

Deno.test("dray df counts unpacked layers for each image, and what its removal frees", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE, [file("one", "1")]]);
  await at.add("a.b/c:2", [BASE, [file("two", "2")]]);
  for (const name of ["a.b/c:1", "a.b/c:2"]) await at.run(["mount-options", "--unpack", name]);
  const { images, layerBytes, unusedLayers } = JSON.parse((await at.run(["df", "--json"])).out);
  assertEquals([images.length, unusedLayers], [2, 0]);
  for (const image of images) {
    assert(image.uniqueLayerBytes > 0 && image.uniqueLayerBytes < image.layerBytes);
    assert(image.layerBytes < layerBytes);
  }
});

Deno.test("dray verify finds and repairs damaged unpacked layers, with --quick those of other sizes", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE]);
  const { lowerdir: [path] } = JSON.parse(
    (await at.run(["mount-options", "--unpack", "--json", "a.b/c:1"])).out,
  );
  const hosts = `${path}/etc/hosts`;
  const codes = async () => [(await at.run(["verify", "--quick"])).code, (await at.run(["verify"])).code];
  assertEquals(await codes(), [0, 0]);
  await Deno.writeTextFile(hosts, "localhosT");
  assertEquals(await codes(), [0, 6]);
  const { out, err } = await at.run(["verify", "a.b/c:1"]);
  assertMatch(out, /^corrupt unpacked layer sha256:\w+ of a\.b\/c:1.*: "etc\/hosts" has other content$/m);
  assertStringIncludes(err, "1 unpacked layer: 1 fault, 0 repaired");
  await Deno.truncate(hosts);
  assertEquals(await codes(), [6, 6]);
  const [fault] = JSON.parse((await at.run(["verify", "--repair", "--json"])).out).faults;
  assertEquals([fault.object, fault.kind, fault.repaired], ["layer", "corrupt", true]);
  assertEquals(await Deno.readTextFile(hosts), "localhost");
  assertEquals(await codes(), [0, 0]);
});

/** Returns the name with a tag that refers to a digest. */
function nameOf(records: ReadonlyMap<string, ImageRecord>, target: string): string {
  const named = [...records.values()].find(({ name, target: { digest } }) =>
    digest === target && !name.includes("@")
  );
  return named?.name ?? "";
}

Deno.test("dray gc removes names by --unused-for and --keep, except pinned ones", async () => {
  await using at = await box();
  const names = ["a.b/c:1", "a.b/c:2", "a.b/c:3", "a.b/d:1", "a.b/e:1"];
  for (const [i, name] of names.entries()) await at.add(name, [[file("name", `${i}`)]]);
  await at.run(["pin", "a.b/e:1"]);
  const store = await openStore(`${at.root}/store`);
  const day = 24 * 60 * 60 * 1000;
  await store.updateImages(
    (records) =>
      [...records.values()].map((record) => ({
        ...record,
        pulledAt: Date.now() - (10 + names.indexOf(nameOf(records, record.target.digest))) * day,
      })),
    neverAborted(),
  );
  const withTag = (all: readonly string[]) => all.filter((name) => !name.includes("@"));
  const gc = async (...args: readonly string[]) =>
    withTag(JSON.parse((await at.run(["gc", "--json", ...args])).out).names);
  assertEquals(await gc("-n", "--unused-for", "12d"), ["a.b/c:3", "a.b/d:1"]);
  assertEquals(await gc("-n", "--keep", "1"), ["a.b/c:2", "a.b/c:3"]);
  assertEquals(await gc("-n", "--unused-for", "12d", "--keep", "1"), ["a.b/c:3"]);
  const dry = JSON.parse((await at.run(["gc", "-n", "--json", "--keep", "0"])).out);
  assertEquals(withTag(dry.names), names.slice(0, 4));
  const swept = JSON.parse((await at.run(["gc", "--json", "--keep", "0"])).out);
  assertEquals([swept.blobs.length, swept.freed], [dry.blobs.length, dry.freed]);
  assertEquals(withTag((await store.listImages()).map(({ name }) => name)), ["a.b/e:1"]);
  for (const age of ["30", "d", "1.5d", "-1d", "30m"]) {
    const { code, err } = await at.run(["gc", `--unused-for=${age}`]);
    assertEquals([code, err.includes('option "--unused-for"')], [2, true]);
  }
});

Deno.test("dray unpack and dray export change nothing in the store", async () => {
  await using at = await box();
  await at.add("a.b/c:1", [BASE]);
  const store = `${at.root}/store`;
  const times = () =>
    [store, `${store}/blobs/sha256`, `${store}/index.json`].map((path) => Deno.statSync(path).mtime);
  const before = times();
  assertEquals((await at.run(["unpack", "-q", "a.b/c:1", `${at.root}/out`])).code, 0);
  assertEquals((await at.run(["export", "-q", "a.b/c:1", "-o", `${at.root}/out.tar`])).code, 0);
  assertEquals(times(), before);
});
