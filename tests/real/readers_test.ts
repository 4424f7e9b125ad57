import { realImages } from "../../scripts/real_images.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { type Sandbox, sandbox } from "../e2e/program.ts";
import { runOk } from "./child.ts";
import { startDistribution } from "./distribution.ts";
import { realTest, SLOW_MS, tool } from "./tools.ts";

const TOOLS = ["registry", "skopeo", "umoci", "oras", "crane", "regctl", "dpkg-deb"];

/** Pulls real images of both formats and compressions into a store, and returns their names. */
async function filled(box: Sandbox): Promise<readonly string[]> {
  const { storage, repository, tags } = await realImages();
  await using registry = await startDistribution({ storage });
  const names = tags.map((tag) => `${registry.host}/${repository}:${tag}`);
  await box.ok(["pull", ...names]);
  return names;
}

realTest({ tools: TOOLS, timeout: SLOW_MS }, "other tools read the store directly", async (t) => {
  await using box = await sandbox();
  const names = await filled(box);
  const digests = new Map<string, string>();
  for (const name of names) digests.set(name, (await box.ok(["digest", name])).trim());
  await using target = await startDistribution();
  const pushed = async (repository: string) => {
    const head = await fetch(`${target.origin}/v2/${repository}/manifests/v1`, {
      headers: {
        accept:
          "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json",
      },
    });
    await head.body?.cancel();
    return head.headers.get("docker-content-digest");
  };

  for (const [name, digest] of digests) {
    const tag = name.slice(name.lastIndexOf(":") + 1);
    // Its layouts contain only OCI documents.
    if (tag !== "docker") {
      await t.step(`skopeo inspects and copies ${tag}`, async () => {
        const seen = JSON.parse(await runOk(tool("skopeo"), ["inspect", `oci:${box.store}:${name}`]));
        assertEquals([seen.Digest, seen.Layers.length], [digest, 4]);
        await runOk(tool("skopeo"), [
          ...["--insecure-policy", "copy", "--preserve-digests", "--dest-tls-verify=false"],
          ...[`oci:${box.store}:${name}`, `docker://${target.host}/skopeo/${tag}:v1`],
        ]);
        assertEquals(await pushed(`skopeo/${tag}`), digest);
      });
    }
    await t.step(`oras fetches and copies ${tag}`, async () => {
      const manifest = await runOk(tool("oras"), ["manifest", "fetch", "--oci-layout-path", box.store, name]);
      assertEquals(JSON.parse(manifest).layers.length, 4);
      await runOk(tool("oras"), [
        ...["copy", "--from-oci-layout", `${box.store}@${digest}`],
        ...["--to-plain-http", `${target.host}/oras/${tag}:v1`],
      ]);
      assertEquals(await pushed(`oras/${tag}`), digest);
    });
    await t.step(`regctl reads and copies ${tag}`, async () => {
      const home = { HOME: box.home };
      await runOk(tool("regctl"), ["registry", "set", target.host, "--tls", "disabled"], { env: home });
      const source = `ocidir://${box.store}@${digest}`;
      await runOk(tool("regctl"), ["image", "copy", source, `${target.host}/regctl/${tag}:v1`], {
        env: home,
      });
      assertEquals(await pushed(`regctl/${tag}`), digest);
    });
  }
  await t.step("umoci lists all names, and unpacks an OCI image of gzip", async () => {
    const list = (await runOk(tool("umoci"), ["ls", "--layout", box.store])).trim().split("\n");
    for (const name of names) assert(list.includes(name), `${name} is not in ${list}`);
    const name = names.find((name) => name.endsWith(":oci-gzip"));
    await runOk(tool("umoci"), ["unpack", "--image", `${box.store}:${name}`, `${box.directory}/bundle`]);
    const root = `${box.directory}/bundle/rootfs`;
    assert((await Deno.stat(`${root}/bin/busybox`)).size > 100_000);
    assert(((await Deno.stat(`${root}/usr/bin/passwd`)).mode ?? 0) & 0o4000);
    assertEquals(await Deno.stat(`${root}/usr/share/doc/hello`).catch(() => undefined), undefined);
  });
  await t.step("crane validates and pushes the layout", async () => {
    await runOk(tool("crane"), ["push", "--index", box.store, `${target.host}/crane:all`]);
    const index = JSON.parse(await runOk(tool("crane"), ["manifest", `${target.host}/crane:all`]));
    const there = index.manifests.map((entry: { digest: string }) => entry.digest);
    for (const digest of digests.values()) assertStringIncludes(there.join(), digest);
    for (const [name, digest] of digests) {
      // It expects gzip in every layer that it reads.
      const depth = name.endsWith("zstd") ? ["--fast"] : [];
      await runOk(tool("crane"), ["validate", ...depth, "--remote", `${target.host}/crane@${digest}`]);
    }
  });
  await t.step("none of the tools changed the store", async () => {
    await box.ok(["verify"]);
    assertEquals((await box.json(["images"])).length > 0, true);
  });
});
