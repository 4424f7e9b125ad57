import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { buildImage, buildIndex } from "../images/mod.ts";
import { formatPlatform, platformOfBuild } from "../../src/oci/platform.ts";
import { startRegistry } from "../registry/mod.ts";
import { sandbox } from "./program.ts";

Deno.test("dray images lists, filters, and prints JSON", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const one = await buildImage({ seed: 1 });
  const two = await buildImage({ seed: 2 });
  await box.ok(["pull", registry.push("team/one", "v1", one).reference]);
  await box.ok(["pull", registry.push("team/two", "v2", two).reference]);
  const table = await box.ok(["images"]);
  assertMatch(table, /team\/one +v1 +[0-9a-f]{12}/);
  assertEquals((await box.ok(["images", `${registry.host}/team/two`])).trim().split("\n").length, 2);
  assertStringIncludes(await box.ok(["images", "--digests"]), one.root.digest);
  const ids = (await box.json(["images"])).map((image: { id: string }) => image.id);
  assertEquals(new Set(ids), new Set([one.config.digest, two.config.digest]));
  assertEquals((await box.ok(["images", "--quiet"])).trim().split("\n").length, 2);
});

Deno.test("dray images shows each name's own digest", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const index = await buildIndex({ platforms: [formatPlatform(platformOfBuild(Deno.build))] });
  const [image] = index.images;
  assert(image !== undefined);
  const plain = registry.push("plain", "v1", image).reference;
  const indexed = registry.push("indexed", "v1", index).reference;
  for (const reference of [plain, indexed]) await box.ok(["pull", reference]);
  await box.ok(["tag", plain, "localhost/third:1"]);
  const digests = {
    [plain]: image.root.digest,
    [indexed]: index.root.digest,
    "localhost/third:1": image.root.digest,
  };
  const lines = (await box.ok(["images", "--digests"])).trim().split("\n").slice(1);
  assertEquals(lines.length, 3);
  for (const [name, digest] of Object.entries(digests)) {
    const [repository = "", tag = ""] = name.split(/:(?=[^:/]+$)/);
    const found = lines.filter((line) => line.includes(`${repository} `));
    assertEquals(found.map((line) => line.split(/ +/).slice(0, 3)), [[repository, tag, digest]]);
    assertEquals((await box.ok(["digest", name])).trim(), digest);
  }
  const [json] = await box.json(["images"]);
  for (const [name, digest] of Object.entries(digests)) assertEquals(json.digests[name], digest);
});

Deno.test("dray inspect shows layers with their ids, and platforms", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const index = await buildIndex();
  const { reference } = registry.push("app", "v1", index);
  await box.ok(["pull", "--platform", "linux/arm64", reference]);
  const image = index.images[1];
  assert(image !== undefined);
  const seen = await box.json(["inspect", image.config.digest.slice(7, 19)]);
  assertEquals(seen, await box.json(["inspect", reference]));
  const layers = seen.layers.map((layer: { digest: string; diffId: string }) => [layer.digest, layer.diffId]);
  assertEquals(layers, image.layers.map((layer) => [layer.blob.digest, layer.diffId]));
  const text = await box.ok(["inspect", reference]);
  for (const word of ["linux/amd64", "linux/arm64", image.root.digest]) assertStringIncludes(text, word);
});

Deno.test("dray tag, rm and gc keep what an image needs and free the rest", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const image = await buildImage();
  const { reference } = registry.push("app", "v1", image);
  await box.ok(["pull", reference]);
  await box.ok(["tag", reference, "localhost/mine:1"]);
  await box.ok(["rm", reference]);
  await box.ok(["gc"]);
  await box.ok(["verify", "localhost/mine:1"]);
  assertEquals((await box.json(["images"])).length, 1);
  await box.ok(["rm", "--all-tags", "localhost/mine:1"]);
  assertEquals(await box.json(["images"]), []);
  assertEquals([...Deno.readDirSync(`${box.store}/blobs/sha256`)], []);
  assertEquals((await box.dray(["rm", reference])).code, 3);
});

Deno.test("dray verify finds damaged blobs, and --repair fetches only those", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const image = await buildImage({ layers: 3 });
  const { reference } = registry.push("app", "v1", image);
  await box.ok(["pull", reference]);
  const [damaged, missing] = image.layers.map((layer) => layer.blob.digest);
  assert(damaged !== undefined && missing !== undefined);
  const path = `${box.store}/blobs/sha256/${damaged.slice(7)}`;
  await Deno.chmod(path, 0o644);
  await Deno.writeTextFile(path, "x".repeat((await Deno.stat(path)).size));
  await Deno.remove(`${box.store}/blobs/sha256/${missing.slice(7)}`);
  const { code, stdout, stderr } = await box.dray(["verify"]);
  assertEquals(code, 6);
  for (const word of [damaged, missing, reference]) assertStringIncludes(stdout + stderr, word);
  registry.requests.clear();
  await box.ok(["verify", "--repair"]);
  assertEquals(registry.requests.of("/blobs/", "GET").length, 2);
  await box.ok(["verify"]);
});

Deno.test("dray tags reads all pages", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const image = await buildImage();
  const tags = Array.from({ length: 2500 }, (_, i) => `t${String(i).padStart(4, "0")}`);
  for (const tag of tags) registry.push("app", tag, image);
  assertEquals((await box.ok(["tags", `${registry.host}/app`])).trim().split("\n"), tags);
});

Deno.test("dray df shows the disk usage", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  await box.ok(["pull", registry.push("app", "v1", await buildImage()).reference]);
  assertStringIncludes(await box.ok(["df"]), "app");
  await box.json(["df"]);
});

Deno.test("dray prints help, a man page and completions", async () => {
  await using box = await sandbox();
  assertStringIncludes(await box.ok(["--help"]), "pull");
  assertStringIncludes(await box.ok(["pull", "--help"]), "--platform");
  for (const shell of ["bash", "zsh", "fish"]) {
    assertStringIncludes(await box.ok(["completions", shell]), "dray");
  }
  assertMatch(await box.ok(["version"]), /dray [0-9]+\.[0-9]+/);
  assertEquals((await box.dray(["pulll"])).code, 2);
});
