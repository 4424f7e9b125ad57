import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { BAD_KINDS, buildArtifact, buildBad, buildImage, buildIndex, nest } from "../images/mod.ts";
import { cutAfter, redirectTo, startRegistry, status, wrongByte } from "../registry/mod.ts";
import { sandbox } from "./program.ts";

Deno.test("dray pull downloads an image, and prints its name with its digest", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const image = await buildImage();
  const { reference, digest } = registry.push("team/app", "v1", image);
  const { code, stdout, stderr } = await box.dray(["pull", reference]);
  assertEquals([code, stdout], [0, `${reference}@${digest}\n`], stderr);
  assertEquals(await box.ok(["pull", "--quiet", reference]), `${image.config.digest}\n`);
  await box.ok(["verify"]);
  assertEquals(registry.requests.of("/blobs/", "GET").length, 3, "stored blobs are not fetched again");
});

Deno.test("dray pull downloads a large layer, and detects a wrong byte in it, on either hashing thread", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const image = await buildImage({ layers: [{ size: 20 * 1024 * 1024, compression: "none" }] });
  const { reference } = registry.push("team/long", "v1", image);
  assertEquals(await box.dray(["pull", "--quiet", reference]), {
    code: 0,
    stdout: `${image.config.digest}\n`,
    stderr: "",
  });
  await box.ok(["verify"]);
  await using spoilt = await startRegistry();
  const bad = spoilt.push("team/long", "v1", image);
  const digest = image.layers[0]?.blob.digest ?? "";
  spoilt.fault({ kind: "blob", reference: digest, times: Infinity }, wrongByte(10_000_000));
  await using other = await sandbox();
  const { code, stderr } = await other.dray(["pull", bad.reference]);
  assertEquals(code, 6, stderr);
  assertStringIncludes(stderr, digest);
});

Deno.test("dray pull takes a name by tag, by digest, and by both", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const { reference, byDigest, digest } = registry.push("team/app", "v1", await buildImage());
  for (const name of [reference, byDigest, `${reference}@${digest}`]) await box.ok(["pull", name]);
  assertEquals((await box.ok(["digest", reference])).trim(), digest);
  assertEquals((await box.ok(["digest", "--remote", reference])).trim(), digest);
});

Deno.test("dray pull chooses the platform, and lists the available ones", async () => {
  await using registry = await startRegistry();
  const platforms = ["linux/amd64", "linux/arm64", "linux/arm/v6"];
  for (const format of ["oci", "docker"] as const) {
    await using box = await sandbox();
    const index = await buildIndex({ format, platforms, attestations: true });
    const { reference } = registry.push("app", format, index);
    const pull = (platform: string) => box.ok(["pull", "--quiet", "--platform", platform, reference]);
    assertEquals(await pull("linux/arm64"), `${index.images[1]?.config.digest}\n`);
    assertEquals(await pull("linux/arm/v7"), `${index.images[2]?.config.digest}\n`);
    const { code, stderr } = await box.dray(["pull", "--platform", "linux/s390x", reference]);
    assertEquals(code, 3);
    for (const platform of platforms) assertStringIncludes(stderr, platform);
    assert(!stderr.includes("unknown"));
  }
});

Deno.test("dray pull --all-platforms downloads everything below the index", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const index = await buildIndex({ attestations: true });
  const { reference } = registry.push("app", "v1", index);
  await box.ok(["pull", "--all-platforms", reference]);
  const blobs = [...Deno.readDirSync(`${box.store}/blobs/sha256`)].length;
  assertEquals(blobs, index.documents.length + new Set(index.blobs.map((blob) => blob.digest)).size);
});

Deno.test("dray pull takes nested indexes, artifacts, embedded data and sha512", async (t) => {
  await using registry = await startRegistry();
  const cases = {
    nested: await nest(await buildImage(), 3, { platform: { os: "linux", architecture: "amd64" } }),
    artifact: await buildArtifact(),
    embedded: await buildImage({ embedConfig: true, layers: [{ embed: true, size: 50 }] }),
    sha512: await buildImage({ algorithm: "sha512", layers: [{ algorithm: "sha512" }] }),
    zstd: await buildImage({ layers: [{ compression: "zstd" }, { compression: "none" }] }),
    empty: await buildImage({ layers: [] }),
  };
  for (const [name, artifact] of Object.entries(cases)) {
    await t.step(name, async () => {
      await using box = await sandbox();
      const { byDigest } = registry.push("odd", name, artifact);
      await box.ok(["pull", "--platform", "linux/amd64", byDigest]);
      await box.ok(["verify"]);
    });
  }
});

Deno.test("dray pull refuses invalid documents with one clear line each", async (t) => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  for (const kind of BAD_KINDS) {
    await t.step(kind, async () => {
      const { reference } = registry.push("bad", kind.toLowerCase(), await buildBad(kind));
      const { code, stdout, stderr } = await box.dray(["pull", "--progress=none", reference]);
      assertEquals([code, stdout], [1, ""], stderr);
      assertEquals(stderr.trim().split("\n").length, 1, stderr);
      assert(!/undefined|\[object|^ +at /m.test(stderr), stderr);
      if (kind.startsWith("schema1")) assertStringIncludes(stderr, "schema 1");
      if (kind === "tooBig") assertMatch(stderr, /4194304|4 MiB/);
    });
  }
  assertEquals(await box.json(["images"]), []);
});

Deno.test("dray pull resumes truncated bodies in the same run", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const image = await buildImage({ layers: [{ size: 300_000 }, { size: 400_000 }] });
  const { reference } = registry.push("app", "v1", image);
  const [first, second] = image.layers;
  assert(first !== undefined && second !== undefined);
  registry.fault(first.blob.digest, cutAfter(100_000));
  registry.fault(second.blob.digest, wrongByte(5));
  registry.fault({ kind: "manifest", method: "HEAD" }, status(503));
  await box.ok(["pull", reference]);
  assertEquals(registry.requests.of(first.blob.digest, "GET").map((entry) => entry.range), [
    "",
    "bytes=100000-",
  ]);
  assertEquals(registry.requests.of(second.blob.digest, "GET").map((entry) => entry.range), ["", ""]);
  await box.ok(["verify"]);
});

Deno.test("dray pull follows a redirect to another origin without credentials", async () => {
  await using storage = await startRegistry();
  await using registry = await startRegistry({
    auth: { kind: "basic", username: "ann", password: "pw" },
    content: storage.content,
  });
  await using box = await sandbox();
  const { reference } = registry.push("app", "v1", await buildImage());
  registry.fault({ kind: "blob", times: Infinity }, redirectTo(storage.origin));
  await box.ok(["pull", "-u", "ann", "--password-stdin", reference], { stdin: "pw\n" });
  assert(storage.requests.all.length >= 3);
  assertEquals(new Set(storage.requests.all.map((entry) => entry.authorization)), new Set(["none"]));
});

Deno.test("dray pull exits with the code of the failure", async (t) => {
  await using registry = await startRegistry();
  await using locked = await startRegistry({ auth: { kind: "basic", username: "ann", password: "pw" } });
  await using box = await sandbox();
  const image = await buildImage();
  const { reference } = registry.push("app", "v1", image);
  const { reference: lockedReference } = locked.push("app", "v1", image);
  const cases: readonly [name: string, args: readonly string[], code: number, says: RegExp][] = [
    ["no reference", ["pull"], 2, /REF/],
    ["bad reference", ["pull", "team/UPPER"], 2, /team\/UPPER/],
    ["no tag", ["pull", `${registry.host}/app:v2`], 3, /v2/],
    ["no repository", ["pull", `${registry.host}/nothing`], 3, /nothing/],
    ["no credentials", ["pull", lockedReference], 4, new RegExp(locked.host)],
    ["no server", ["pull", "127.0.0.1:1/app"], 5, /127\.0\.0\.1:1/],
  ];
  for (const [name, args, want, says] of cases) {
    await t.step(name, async () => {
      const { code, stderr } = await box.dray(args);
      assertEquals(code, want, stderr);
      assertMatch(stderr, says);
    });
  }
  await t.step("wrong bytes, always", async () => {
    const digest = image.layers[0]?.blob.digest ?? "";
    registry.fault({ kind: "blob", reference: digest, times: Infinity }, wrongByte(3));
    const { code, stderr } = await box.dray(["pull", reference]);
    assertEquals(code, 6, stderr);
    assertStringIncludes(stderr, digest);
    assertEquals(await box.json(["images"]), []);
  });
});
