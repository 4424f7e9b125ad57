import { compareUnpack } from "../../scripts/compare_unpack.ts";
import { differencesOf, snapshotTree } from "../../scripts/compare/tree_snapshot.ts";
import { realImages } from "../../scripts/real_images.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { sandbox } from "../e2e/program.ts";
import { buildImage, writeLayout } from "../images/mod.ts";
import { run, runOk } from "./child.ts";
import { startDistribution } from "./distribution.ts";
import { realTest, SLOW_MS, tool, TOOLS_DIR } from "./tools.ts";

const COMPARED = ["dpkg-deb", "setcap", "python3", "umoci", "crane"];

realTest(
  { tools: COMPARED, root: true, timeout: SLOW_MS },
  "dray unpacks as umoci does, and exports as crane does",
  async (t) => {
    const work = await Deno.makeTempDir({ prefix: "dray-compare-" });
    try {
      for (const { name, paths, differences } of await compareUnpack(work)) {
        await t.step(name, () => {
          assert(paths > 1000);
          assertEquals(differences, []);
        });
      }
    } finally {
      await Deno.remove(work, { recursive: true });
    }
  },
);

const PULLED = ["registry", "skopeo", "dpkg-deb", "python3"];

realTest(
  { tools: PULLED, root: true, timeout: SLOW_MS },
  "dray pull --unpack makes layers that can be mounted, and rm removes them",
  async (t) => {
    const { storage, repository, tags } = await realImages();
    await using registry = await startDistribution({ storage });
    await using box = await sandbox();
    const names = tags.map((tag) => `${registry.host}/${repository}:${tag}`);
    const [name = ""] = names;
    await box.ok(["pull", "--unpack", ...names]);
    await t.step("the mount is the unpacked image", async () => {
      const root = `${box.directory}/root`;
      await box.ok(["unpack", "--strict", name, root]);
      const options = (await box.ok(["mount-options", name])).trim();
      await Deno.mkdir(`${box.directory}/mount`);
      await runOk("mount", ["-t", "overlay", "overlay", "-o", `ro,${options}`, `${box.directory}/mount`]);
      try {
        assertEquals(
          differencesOf(await snapshotTree(root), await snapshotTree(`${box.directory}/mount`)),
          [],
        );
      } finally {
        await runOk("umount", [`${box.directory}/mount`]);
      }
    });
    await t.step("images with the same layers share them", async () => {
      const paths = new Set<string>();
      for (const one of names) {
        for (const path of (await box.json(["mount-options", one])).lowerdir) paths.add(path);
      }
      assertEquals(paths.size, 4);
    });
    await t.step("rm removes them with their last image", async () => {
      assertEquals((await box.json(["rm", ...names.slice(1)])).swept.layers, []);
      assertEquals((await box.json(["rm", "--all-tags", name])).swept.layers.length, 4);
      assertEquals([...Deno.readDirSync(`${box.store}/layers`)], []);
      assertEquals((await box.json(["gc"])).layers, []);
    });
  },
);

/** Commas and colons are separators in mount options. */
realTest(
  { tools: ["registry", "skopeo", "dpkg-deb"], root: true, timeout: SLOW_MS },
  "mount accepts a store at any path",
  async () => {
    await realImages();
    const top = await Deno.makeTempDir();
    try {
      const directory = `${top}/a,b:c\\d`;
      await Deno.mkdir(directory);
      await using box = await sandbox({ store: `${directory}/store` });
      await box.ok(["import", "--name", "localhost/odd", `${TOOLS_DIR}/images/layout`]);
      const options = (await box.ok(["mount-options", "--unpack", "localhost/odd"])).trim();
      await Deno.mkdir(`${directory}/mount`);
      await runOk("mount", ["-t", "overlay", "overlay", "-o", `ro,${options}`, `${directory}/mount`]);
      const size = (await Deno.stat(`${directory}/mount/bin/busybox`)).size;
      await runOk("umount", [`${directory}/mount`]);
      assert(size > 100_000);
    } finally {
      await Deno.remove(top, { recursive: true });
    }
  },
);

realTest(
  { tools: ["runc", "registry", "skopeo", "dpkg-deb"], root: true, timeout: SLOW_MS },
  "runc runs a bundle",
  async () => {
    await realImages();
    await using box = await sandbox();
    const script = "id; pwd; echo $GREETING; busybox touch /made";
    const image = await buildImage({
      layers: [
        { archive: await Deno.readFile(`${TOOLS_DIR}/images/layer-0/layer.tar`) },
        {
          entries: [
            { name: "etc/passwd", content: "root:x:0:0::/:/bin/sh\nweb:x:33:44::/srv:/bin/sh\n" },
            { name: "etc/group", content: "web:x:44:\nmore:x:55:web\n" },
            { name: "bin/sh", type: "hardlink", target: "bin/busybox" },
            { name: "work", type: "directory", mode: 0o777 },
          ],
        },
      ],
      runConfig: {
        User: "web",
        WorkingDir: "/work",
        Env: ["PATH=/bin", "GREETING=hello from inside"],
        Entrypoint: ["/bin/busybox", "sh", "-c"],
        Cmd: [script],
        Volumes: { "/data": {} },
      },
    });
    await writeLayout(`${box.directory}/layout`, "run", image);
    await box.ok(["import", "--name", "localhost/run", `${box.directory}/layout`]);
    await box.ok(["unpack", "--bundle", "localhost/run", `${box.directory}/bundle`]);
    const id = `dray-${crypto.randomUUID()}`;
    const args = ["--root", `${box.directory}/runc`, "run", "--bundle", `${box.directory}/bundle`, id];
    const { stdout, stderr } = await run(tool("runc"), args);
    assertStringIncludes(stdout, "uid=33(web) gid=44(web) groups=55(more)", stderr);
    assertStringIncludes(stdout, "/work\nhello from inside\n");
    // An ordinary user in the container can't write to the image's root, which root owns.
    assertStringIncludes(stderr, "Permission denied");
  },
);
