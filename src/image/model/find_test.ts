import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { makeFixture } from "../../../tests/fakes/fixture.ts";
import { buildImage, buildIndex } from "../../../tests/images/mod.ts";
import { AppError } from "../../base/errors.ts";
import { hexOf } from "../../oci/digest.ts";
import { parsePlatform } from "../../oci/platform.ts";
import { filterImages, findImage } from "./find.ts";
import { pullImage } from "../pull/pull.ts";

Deno.test("findImage() finds an image by each of its names and digests", async (t) => {
  await using parts = await makeFixture();
  const { deps, store, remote } = parts;
  const index = await buildIndex({ platforms: ["linux/amd64"] });
  remote.push("1", index);
  await pullImage(deps, "a.b/c:1", { platform: parsePlatform("linux/amd64") });
  const [image] = index.images;
  assert(image);
  const id = image.config.digest;
  const cases: readonly (readonly [name: string, text: string])[] = [
    ["its tag", "a.b/c:1"],
    ["the index's digest in the repository", `a.b/c@${index.root.digest}`],
    ["the manifest's digest in the repository", `a.b/c@${image.root.digest}`],
    ["tag and digest", `a.b/c:other@${index.root.digest}`],
    ["its id", id],
    ["its id without the algorithm", hexOf(id)],
    ["a short id", hexOf(id).slice(0, 12)],
    ["an id prefix of three digits", hexOf(id).slice(0, 3)],
    ["the manifest's digest", image.root.digest],
    ["the index's digest", index.root.digest],
  ];
  for (const [name, text] of cases) {
    await t.step(name, async () => assertEquals((await findImage(store, text)).summary.id, id));
  }
  for (
    const text of [
      "a.b/c:2",
      "a.b/d:1",
      `x.y/c@${index.root.digest}`,
      "abc",
      hexOf(id).slice(0, 2),
      "f".repeat(64),
    ]
  ) {
    await t.step(`not by ${text}`, async () => {
      const error = await assertRejects(() => findImage(store, text), AppError);
      assertEquals(error.code, "not_found");
    });
  }
  for (const text of ["", "A.b/C d", "::"]) {
    await t.step(`"${text}" is invalid`, async () => {
      const error = await assertRejects(() => findImage(store, text), AppError);
      assertEquals(error.code, "invalid_argument");
    });
  }
});

Deno.test("findImage() distinguishes names of one image id whose layers are compressed differently", async () => {
  await using parts = await makeFixture();
  const { deps, store, remote } = parts;
  for (const compression of ["gzip", "zstd"] as const) {
    const image = await buildImage({ layers: [{ compression }] });
    remote.push(compression, image);
    await pullImage(deps, `a.b/c:${compression}`, { platform: image.platform });
    for (const name of [`a.b/c:${compression}`, image.root.digest]) {
      assertEquals((await findImage(store, name)).summary.target.digest, image.root.digest);
    }
  }
  const gzip = await findImage(store, "a.b/c:gzip");
  const zstd = await findImage(store, "a.b/c:zstd");
  assertEquals(gzip.summary.id, zstd.summary.id);
  assert(gzip.summary.target.digest !== zstd.summary.target.digest);
});

Deno.test("findImage() rejects a prefix of several ids, and lists them", async () => {
  await using parts = await makeFixture();
  const { store } = parts;
  const { root } = await buildImage();
  const record = (name: string, id: string) => ({
    name,
    target: manifestOf(id),
    manifest: manifestOf(id),
    scope: "one-platform" as const,
    imageId: `sha256:${id.padEnd(64, "0")}` as typeof root.digest,
    kind: "image" as const,
    size: 1,
    pinned: false,
    pulledAt: 1,
    origins: ["a.b/c"],
  });
  const manifestOf = (id: string) => ({
    mediaType: root.mediaType,
    digest: `sha256:${id.padEnd(64, "1")}` as typeof root.digest,
    size: root.bytes.length,
  });
  const records = [
    record("a.b/c:1", "abc1"),
    record("a.b/c:2", "abc2"),
    record("docker.io/library/abc:latest", "fff"),
  ];
  await store.updateImages(() => records, AbortSignal.timeout(5000));
  // Names come before id prefixes.
  assertEquals((await findImage(store, "abc")).name, "docker.io/library/abc:latest");
  await store.updateImages(
    (all) => [...all.values()].filter(({ name }) => name.startsWith("a.b/")),
    AbortSignal.timeout(5000),
  );
  const several = await assertRejects(() => findImage(store, "abc"), AppError, "several image ids");
  assertEquals(several.details.matches, ["abc100000000", "abc200000000"]);
});

Deno.test("filterImages() returns one image, or all images of a repository", async (t) => {
  await using parts = await makeFixture();
  const { deps, store, remote } = parts;
  remote.push("1", await buildImage({ seed: 1 }));
  remote.push("2", await buildImage({ seed: 2 }));
  for (const name of ["a.b/c:1", "a.b/c:2", "a.b/d:1"]) await pullImage(deps, name);
  const ids = async (filter?: string) =>
    (await filterImages(store, filter)).map(({ summary }) => summary.repoTags[0]);
  const cases: readonly (readonly [filter: string | undefined, want: readonly string[]])[] = [
    [undefined, ["a.b/c:1", "a.b/c:2"]],
    ["a.b/c", ["a.b/c:1", "a.b/c:2"]],
    ["a.b/c:2", ["a.b/c:2"]],
    ["a.b/d", ["a.b/c:1"]],
    ["a.b/x", []],
    ["a.b/c:9", []],
  ];
  for (const [filter, want] of cases) {
    await t.step(filter ?? "no filter", async () => assertEquals(await ids(filter), [...want]));
  }
});
