import { realImages } from "../../scripts/real_images.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { type Sandbox, sandbox } from "../e2e/program.ts";
import { run, runOk } from "./child.ts";
import { startContainerd } from "./containerd.ts";
import { startDistribution } from "./distribution.ts";
import { realTest, SLOW_MS, tool } from "./tools.ts";

const TOOLS = ["registry", "skopeo", "umoci", "dpkg-deb"];

/** Imports the real images into a store, and returns their names. */
async function filled(box: Sandbox): Promise<readonly string[]> {
  const { storage, repository, tags } = await realImages();
  await using registry = await startDistribution({ storage });
  await box.ok(["pull", ...tags.map((tag) => `${registry.host}/${repository}:${tag}`)]);
  const names = tags.map((tag) => `localhost/real:${tag}`);
  for (const tag of tags) {
    await box.ok(["tag", `${registry.host}/${repository}:${tag}`, `localhost/real:${tag}`]);
    await box.ok(["rm", `${registry.host}/${repository}:${tag}`]);
  }
  return names;
}

/** Returns the ids of the uncompressed layers, which don't depend on the format. */
async function diffIds(box: Sandbox, name: string): Promise<readonly string[]> {
  const { layers } = await box.json(["inspect", name]);
  return layers.map(({ diffId }: { readonly diffId: string }) => diffId);
}

const skopeo = (...args: readonly string[]) => runOk(tool("skopeo"), ["--insecure-policy", ...args]);

realTest({ tools: TOOLS, timeout: SLOW_MS }, "skopeo and umoci read what dray exports", async (t) => {
  await using box = await sandbox();
  const names = await filled(box);
  const [first = ""] = names;
  await box.ok(["export", ...names, "-o", `${box.directory}/oci.tar`]);
  await box.ok(["export", ...names, "-f", "docker-archive", "-o", `${box.directory}/docker.tar`]);
  await box.ok(["export", ...names, "-f", "oci-dir", "-o", `${box.directory}/layout`]);
  for (const name of names) {
    const want = await diffIds(box, name);
    const tag = name.slice(name.lastIndexOf(":") + 1);
    const copied = async (source: string): Promise<readonly string[]> => {
      const target = `${box.directory}/copies/${crypto.randomUUID()}`;
      await Deno.mkdir(`${box.directory}/copies`, { recursive: true });
      await skopeo("copy", source, `oci:${target}:copy`);
      const config = JSON.parse(await skopeo("inspect", "--config", "--raw", `oci:${target}:copy`));
      return config.rootfs.diff_ids;
    };
    await t.step(`skopeo: docker-archive of ${tag}`, async () => {
      assertEquals(await copied(`docker-archive:${box.directory}/docker.tar:${name}`), want);
    });
    // Its OCI readers accept only OCI documents.
    if (tag === "docker") continue;
    await t.step(`skopeo: oci-archive of ${tag}`, async () => {
      assertEquals(await copied(`oci-archive:${box.directory}/oci.tar:${name}`), want);
    });
    await t.step(`skopeo: oci-dir of ${tag}`, async () => {
      assertEquals(await copied(`oci:${box.directory}/layout:${name}`), want);
    });
  }
  const gzip = names.find((name) => name.endsWith("oci-gzip")) ?? first;
  for (const format of ["oci-dir", "oci-archive"]) {
    await t.step(`umoci unpacks an ${format}`, async () => {
      let layout = `${box.directory}/layout`;
      if (format === "oci-archive") {
        layout = `${box.directory}/untarred`;
        await Deno.mkdir(layout);
        await runOk("tar", ["-C", layout, "-xf", `${box.directory}/oci.tar`]);
      }
      assertStringIncludes(await runOk(tool("umoci"), ["ls", "--layout", layout]), gzip);
      const bundle = `${box.directory}/umoci-${format}`;
      await runOk(tool("umoci"), ["unpack", "--rootless", "--image", `${layout}:${gzip}`, bundle]);
      assert((await Deno.stat(`${bundle}/rootfs/bin/busybox`)).size > 100_000);
    });
  }
});

realTest({ tools: [...TOOLS, "zstd"], timeout: SLOW_MS }, "dray imports what skopeo writes", async (t) => {
  await using box = await sandbox();
  const names = await filled(box);
  const gzip = names.find((name) => name.endsWith("oci-gzip")) ?? "";
  const want = await diffIds(box, gzip);
  const source = `oci:${box.store}:${gzip}`;
  const docker = `${box.directory}/docker.tar`;
  await skopeo("copy", source, `oci-archive:${box.directory}/oci.tar:localhost/x:oci`);
  await skopeo("copy", source, `docker-archive:${docker}:localhost/x:docker`);
  await skopeo("copy", source, `oci:${box.directory}/layout:localhost/x:dir`);
  await runOk("bash", ["-euc", `gzip -k '${docker}'; zstd -q '${docker}'`]);
  const cases = {
    "oci-archive": [`${box.directory}/oci.tar`, "localhost/x:oci"],
    "docker-archive": [docker, "localhost/x:docker"],
    "docker-archive in gzip": [`${docker}.gz`, "localhost/x:docker"],
    "docker-archive in zstd": [`${docker}.zst`, "localhost/x:docker"],
    "layout": [`${box.directory}/layout`, "localhost/x:dir"],
  } as const;
  for (const [what, [path, name]] of Object.entries(cases)) {
    await t.step(what, async () => {
      await using other = await sandbox();
      assertEquals(await other.ok(["import", path]), `${name}\n`);
      assertEquals(await diffIds(other, name), want);
      await other.ok(["verify"]);
      assertEquals(await other.ok(["import", path, "--name", "a.b/c:1"]), "a.b/c:1\n");
    });
  }
});

realTest(
  { tools: ["registry", "skopeo", "dpkg-deb", "containerd", "ctr"], root: true, timeout: SLOW_MS },
  "ctr imports what dray exports, and dray imports what ctr exports",
  async (t) => {
    await using box = await sandbox();
    const names = await filled(box);
    await using containerd = await startContainerd(box.directory);
    await box.ok(["export", ...names, "-o", `${box.directory}/ours.tar`]);
    await containerd.ctr("image", "import", "--no-unpack", "--all-platforms", `${box.directory}/ours.tar`);
    const list = await containerd.ctr("image", "ls", "-q");
    for (const name of names) assertStringIncludes(list, name);
    for (const name of names) {
      const tag = name.slice(name.lastIndexOf(":") + 1);
      await t.step(tag, async () => {
        await containerd.ctr("image", "export", `${box.directory}/${tag}.tar`, name);
        await using other = await sandbox();
        assertEquals(await other.ok(["import", `${box.directory}/${tag}.tar`]), `${name}\n`);
        assertEquals(await other.ok(["digest", name]), await box.ok(["digest", name]));
        await other.ok(["verify"]);
      });
    }
    await t.step("all in one archive", async () => {
      await containerd.ctr("image", "export", `${box.directory}/all.tar`, ...names);
      await using other = await sandbox();
      const got = (await other.ok(["import", `${box.directory}/all.tar`])).trim().split("\n");
      assertEquals(got, [...names].sort());
    });
  },
);

realTest(
  { tools: TOOLS, timeout: SLOW_MS },
  "a failed export leaves no partial archive, and a closed pipe is silent",
  async (t) => {
    await using box = await sandbox();
    const [name = ""] = await filled(box);
    await t.step("a blob is missing", async () => {
      const { layers } = await box.json(["inspect", name]);
      const blob = `${box.store}/blobs/${layers[0].digest.replace(":", "/")}`;
      await Deno.rename(blob, `${blob}.away`);
      const { code, stderr } = await box.dray(["export", name, "-o", `${box.directory}/half.tar`]);
      assertEquals(code, 6, stderr);
      await Deno.rename(`${blob}.away`, blob);
      const left = [...Deno.readDirSync(box.directory)].filter((entry) => entry.name.startsWith("half"));
      assertEquals(left, []);
    });
    await t.step("tar takes the root file system from a pipe", async () => {
      const script = `${box.words.join(" ")} export ${name} -f rootfs -o - | tar -t`;
      const { code, stdout } = await run("bash", ["-euo", "pipefail", "-c", script], {
        env: box.environment,
      });
      assertEquals(code, 0);
      assertMatch(stdout, /^\.?\/?bin\/busybox$/m);
    });
    await t.step("the reader closes the pipe", async () => {
      const script = `${
        box.words.join(" ")
      } export ${name} -o - | head -c 1000 >/dev/null; echo "$PIPESTATUS"`;
      const { stdout, stderr } = await run("bash", ["-uc", script], { env: box.environment });
      assertEquals([stdout.trim(), stderr], ["141", ""]);
    });
  },
);
