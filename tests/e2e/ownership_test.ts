import { hexOf } from "../../src/oci/digest.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { buildImage, type ImageSpec, writeLayout } from "../images/mod.ts";
import { isRoot, plantFifo, plantLink, sharedDirectory } from "../planted.ts";
import { run } from "../real/child.ts";
import { type Sandbox, sandbox } from "./program.ts";

const NAME = "localhost/x:1";

/** Imports an image, in a shell with this umask, and returns it. */
async function fill(box: Sandbox, umask: string, spec: ImageSpec = {}) {
  const image = await buildImage({ layers: [{ size: 3000, compression: "none" }], ...spec });
  await writeLayout(`${box.directory}/layout`, "x", image);
  await withUmask(box, umask, ["import", "-q", "--name", NAME, `${box.directory}/layout`]);
  return image;
}

/** Runs the program in a shell with this umask. */
async function withUmask(box: Sandbox, umask: string, args: readonly string[]): Promise<void> {
  const words = ["-c", `umask ${umask}; exec "$@"`, "sh", ...box.words, ...args];
  const { code, stderr } = await run("sh", words, { env: box.environment, clearEnv: true });
  assertEquals([code, stderr], [0, ""]);
}

/** Every path below a directory whose mode has these bits. */
function pathsWith(bits: number, directory: string): readonly string[] {
  const found = ((Deno.lstatSync(directory).mode ?? 0) & bits) === 0 ? [] : [directory];
  for (const { name, isDirectory, isSymlink } of Deno.readDirSync(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) found.push(...pathsWith(bits, path));
    else if (!isSymlink && ((Deno.lstatSync(path).mode ?? 0) & bits) !== 0) found.push(path);
  }
  return found;
}

const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o7777;

Deno.test("nothing that is written without a umask can be changed by other users", async () => {
  await using box = await sandbox();
  await fill(box, "000");
  assertEquals(pathsWith(0o022, box.store), []);
  assertEquals(await modeOf(box.store), 0o700);
  await Deno.mkdir(`${box.directory}/out`);
  const exported = (format: string, name: string) =>
    withUmask(box, "000", ["export", "-q", "-f", format, "-o", `${box.directory}/out/${name}`, NAME]);
  await exported("oci-archive", "archive.tar");
  await exported("oci-dir", "a/layout");
  await withUmask(box, "000", ["--store", `${box.directory}/out/b/store`, "gc", "-q"]);
  assertEquals(pathsWith(0o022, `${box.directory}/out`), []);
  assertEquals(await modeOf(`${box.directory}/out/b/store`), 0o700);
  // A layout and an archive are for other programs and users.
  assertEquals(await modeOf(`${box.directory}/out/a/layout`), 0o755);
  assertEquals(await modeOf(`${box.directory}/out/archive.tar`), 0o644);
});

Deno.test("a strict umask keeps exports private", async () => {
  await using box = await sandbox();
  await fill(box, "077");
  await withUmask(box, "077", ["export", "-q", "-o", `${box.directory}/archive.tar`, NAME]);
  await withUmask(box, "077", ["export", "-q", "-f", "oci-dir", "-o", `${box.directory}/out`, NAME]);
  assertEquals(await modeOf(`${box.directory}/archive.tar`), 0o600);
  assertEquals(await modeOf(`${box.directory}/out`), 0o700);
  assertEquals(await modeOf(`${box.directory}/out/index.json`), 0o600);
});

Deno.test("dray unpack --bundle creates a directory for its owner only, and a root file system for all", async () => {
  await using box = await sandbox();
  await fill(box, "022");
  await box.ok(["unpack", "-q", "--bundle", NAME, `${box.directory}/bundle`]);
  assertEquals(await modeOf(`${box.directory}/bundle`), 0o700);
  assertEquals(await modeOf(`${box.directory}/bundle/rootfs`), 0o755);
  assertEquals(await modeOf(`${box.directory}/bundle/config.json`), 0o644);
  // The working directory is filled in place.
  await Deno.mkdir(`${box.directory}/here`, { mode: 0o755 });
  const words = [
    "-c",
    `cd '${box.directory}/here'; exec "$@"`,
    "sh",
    ...box.words,
    "unpack",
    "-q",
    "--bundle",
    NAME,
    ".",
  ];
  assertEquals((await run("sh", words, { env: box.environment, clearEnv: true })).code, 0);
  assertEquals(await modeOf(`${box.directory}/here`), 0o700);
  await box.ok(["unpack", "-q", NAME, `${box.directory}/tree`]);
  assertEquals(await modeOf(`${box.directory}/tree`), 0o755);
});

Deno.test(
  "export and unpack refuse what another user planted, and follow own links",
  { ignore: !isRoot },
  async (t) => {
    await using box = await sandbox();
    await fill(box, "022");
    const { parent, shared } = await sharedDirectory();
    try {
      const [victim, directory] = [`${parent}/victim`, `${parent}/directory`];
      await Deno.writeTextFile(victim, "unchanged");
      await Deno.mkdir(directory);
      await plantLink(victim, `${shared}/file`);
      await plantLink(directory, `${shared}/directory`);
      await plantFifo(`${shared}/fifo`);
      // Without a reader, an export that isn't refused would wait forever.
      using _reader = await Deno.open(`${shared}/fifo`, { read: true, write: true });
      const refused: readonly (readonly string[])[] = [
        ["export", "-o", `${shared}/file`, NAME],
        ["export", "-f", "rootfs", "-o", `${shared}/directory/file`, NAME],
        ["export", "-o", `${shared}/fifo`, NAME],
        ["export", "-f", "oci-dir", "-o", `${shared}/directory`, NAME],
        ["unpack", NAME, `${shared}/directory`],
        ["unpack", "--bundle", NAME, `${shared}/directory/new`],
        ["--store", `${shared}/directory`, "images"],
        ["--store", `${shared}/directory`, "import", `${box.directory}/layout`],
      ];
      for (const args of refused) {
        await t.step(args.join(" ").replaceAll(shared, ""), async () => {
          const { code, stderr } = await box.dray(args);
          assertEquals(code, 8, stderr);
          assertStringIncludes(stderr, "of another user (uid 65534)");
        });
      }
      assertEquals(await Deno.readTextFile(victim), "unchanged");
      assertEquals([...Deno.readDirSync(directory)], []);
      await Deno.symlink(victim, `${shared}/own-file`);
      await Deno.symlink(directory, `${shared}/own-directory`);
      await box.ok(["export", "-q", "-o", `${shared}/own-file`, NAME]);
      assert((await Deno.stat(victim)).size > 3000);
      await box.ok(["unpack", "-q", NAME, `${shared}/own-directory/tree`]);
      assert((await Deno.stat(`${directory}/tree`)).isDirectory);
    } finally {
      await Deno.remove(parent, { recursive: true });
    }
  },
);

Deno.test("the permissions that dray prints suffice to check owners", { ignore: !isRoot }, async () => {
  await using box = await sandbox();
  await fill(box, "022");
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const flags = (await box.ok(["permissions", "images", "--store", box.store])).trim();
  const line = `exec '${Deno.execPath()}' run -q ${flags} '${main}' --store '${box.store}' images`;
  const images = () => run("sh", ["-c", line], { env: box.environment, clearEnv: true });
  const accepted = await images();
  assertEquals(accepted.code, 0, accepted.stderr);
  await Deno.chown(`${box.store}/locks`, 65534, 65534);
  const refused = await images();
  assertEquals(refused.code, 8, refused.stderr);
});

Deno.test("without the uid, links of others are refused where every user may create them", {
  ignore: !isRoot,
}, async () => {
  await using box = await sandbox();
  await fill(box, "022");
  const { parent, shared } = await sharedDirectory();
  try {
    await Deno.writeTextFile(`${parent}/victim`, "unchanged");
    await plantLink(`${parent}/victim`, `${shared}/planted`);
    const main = new URL("../../main.ts", import.meta.url).pathname;
    const flags = ["run", "-q", "--allow-read", "--allow-write", "--allow-env", main];
    const words = (path: string) => [...flags, "--store", box.store, "export", "-q", "-o", path, NAME];
    const options = { env: box.environment, clearEnv: true };
    assertEquals((await run(Deno.execPath(), words(`${shared}/planted`), options)).code, 8);
    assertEquals((await run(Deno.execPath(), words(`${shared}/new`), options)).code, 0);
    assertEquals(await Deno.readTextFile(`${parent}/victim`), "unchanged");
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
});

Deno.test("an export of a damaged layer exits with 6 and leaves no archive", async (t) => {
  await using box = await sandbox();
  const { layers } = await fill(box, "022");
  const digest = layers[0]?.blob.digest;
  assert(digest);
  const path = `${box.store}/blobs/sha256/${hexOf(digest)}`;
  const out = `${box.directory}/out`;
  const formats = ["oci-archive", "docker-archive"];
  for (const format of formats) await box.ok(["export", "-q", "-f", format, "-o", `${out}-${format}`, NAME]);
  const bytes = await Deno.readFile(path);
  bytes[700] = (bytes[700] ?? 0) ^ 1;
  await Deno.chmod(path, 0o644);
  await Deno.writeFile(path, bytes);
  for (const format of formats) {
    await t.step(format, async () => {
      const intact = await Deno.readFile(`${out}-${format}`);
      const again = await box.dray(["export", "-q", "-f", format, "-o", `${out}-${format}`, NAME]);
      const { code, stderr } = await box.dray(["export", "-q", "-f", format, "-o", out, NAME]);
      assertEquals([again.code, code], [6, 6]);
      for (const text of [digest, "dray verify --repair"]) assertStringIncludes(stderr, text);
      assertEquals(
        Array.from(Deno.readDirSync(box.directory), ({ name }) => name).filter((name) =>
          /^out$|\.tmp$/.test(name)
        ),
        [],
      );
      // An archive that existed is unchanged.
      assertEquals(await Deno.readFile(`${out}-${format}`), intact);
    });
  }
});

Deno.test("an export to a layout that another process uses reports that it waits", async () => {
  await using box = await sandbox();
  await fill(box, "022");
  const out = `${box.directory}/out`;
  await Deno.mkdir(out);
  using lock = await Deno.open(out);
  await lock.lock(true);
  await using child = box.start(["export", "-q", "-f", "oci-dir", "-o", out, NAME]);
  const lines: string[] = [];
  for await (const line of child.lines) {
    lines.push(line);
    if (lines.length === 1) lock.unlockSync();
  }
  assertEquals(lines, [`dray: warning: waiting for another process that uses "${out}"`]);
  assertEquals((await child.status).code, 0);
});

Deno.test("a long name in an image gives a short error", async () => {
  await using box = await sandbox();
  await fill(box, "022", { runConfig: { User: "u".repeat(100_000) } });
  const { code, stderr } = await box.dray(["unpack", "-q", "--bundle", NAME, `${box.directory}/bundle`]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "Cannot find user");
  assert(stderr.length < 300, stderr);
});
