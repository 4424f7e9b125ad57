import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { makeFixture } from "../../../tests/fakes/fixture.ts";
import { buildImage, describe, type TarEntry, tarSource, type TestImage } from "../../../tests/images/mod.ts";
import { compress } from "../../../tests/images/compress.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { type ByteReader, concatBytes } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { type Digest, hexOf } from "../../oci/digest.ts";
import { directoryFiles } from "../../store/directory_source.ts";
import { findLayered } from "../model/layers.ts";
import { verifyStore } from "../verify/verify.ts";
import { tarFiles } from "./archive_source.ts";
import { importImages, type ImportOptions } from "./import.ts";

function bytesOf(entries: readonly TarEntry[]): Uint8Array<ArrayBuffer> {
  const source = tarSource(entries);
  return concatBytes([...source.read(0, source.size)].map((chunk) => chunk.slice()));
}

function readerOf(bytes: Uint8Array): ByteReader {
  let at = 0;
  return {
    read(buffer) {
      if (at === bytes.length) return Promise.resolve(null);
      const chunk = bytes.subarray(at, at + buffer.length);
      buffer.set(chunk);
      at += chunk.length;
      return Promise.resolve(chunk.length);
    },
  };
}

type Outcome = { readonly names: readonly string[]; readonly diffIds: readonly (readonly Digest[])[] };

/** Imports into a new store, which must be intact afterwards. */
async function imported(bytes: Uint8Array, options: ImportOptions = {}): Promise<Outcome> {
  await using fixture = await makeFixture();
  try {
    const names = await importImages(
      fixture.store,
      tarFiles(readerOf(bytes), neverAborted()),
      options,
      neverAborted(),
    );
    const images = await Promise.all(names.map((name) => findLayered(fixture.store, name)));
    return { names, diffIds: images.map(({ config }) => config.diffIds) };
  } finally {
    assertEquals((await verifyStore(fixture.deps)).faults, []);
  }
}

async function refused(bytes: Uint8Array, options: ImportOptions = {}): Promise<AppError> {
  await using fixture = await makeFixture();
  const source = tarFiles(readerOf(bytes), neverAborted());
  const error = await assertRejects(
    () => importImages(fixture.store, source, options, neverAborted()),
    AppError,
  );
  assertEquals(await fixture.store.listImages(), []);
  assertEquals((await verifyStore(fixture.deps)).faults, []);
  return error;
}

const diffIdsOf = (image: TestImage) => image.layers.map(({ diffId }) => diffId);
const plainLayers = { layers: [{ compression: "none" }, { compression: "none" }] } as const;

async function bytesOfLayer(image: TestImage, i: number): Promise<Uint8Array> {
  const blob = image.layers[i]?.blob;
  assert(blob);
  return await Promise.resolve(concatBytes([...blob.read(0, blob.size)].map((chunk) => chunk.slice())));
}

interface DockerSpec {
  readonly image: TestImage;
  readonly tags: readonly string[] | null;
  /** Layers that are links to earlier ones: `docker save` wrote them for layers that images share. */
  readonly links?: readonly number[];
  readonly linkType?: "symlink" | "hardlink";
}

/** The format that `docker save` wrote before Docker 25. */
async function oldFormat(specs: readonly DockerSpec[]): Promise<TarEntry[]> {
  const entries: TarEntry[] = [];
  const manifest: unknown[] = [];
  for (const [n, { image, tags, links = [], linkType = "symlink" }] of specs.entries()) {
    const config = `${hexOf(image.config.digest)}.json`;
    const layers: string[] = [];
    for (const i of image.layers.keys()) {
      const id = `${n}${i}`.repeat(32);
      entries.push({ name: id, type: "directory" }, { name: `${id}/VERSION`, content: "1.0" });
      entries.push({ name: `${id}/json`, content: `{"id":"${id}"}` });
      if (links.includes(i)) {
        const first = `${`0${i}`.repeat(32)}/layer.tar`;
        const target = linkType === "symlink" ? `../${first}` : first;
        entries.push({ name: `${id}/layer.tar`, type: linkType, target });
      } else entries.push({ name: `${id}/layer.tar`, content: await bytesOfLayer(image, i) });
      layers.push(`${id}/layer.tar`);
    }
    entries.push({ name: config, content: image.configBytes });
    manifest.push({ Config: config, RepoTags: tags, Layers: layers });
  }
  entries.push({ name: "manifest.json", content: JSON.stringify(manifest) });
  entries.push({ name: "repositories", content: '{"x":{"1":"00"}}' });
  return entries;
}

/** The format that `docker save` writes since Docker 25: a layout with an additional `manifest.json`. */
async function newFormat(image: TestImage, tags: readonly string[]): Promise<TarEntry[]> {
  const blob = (digest: Digest) => `blobs/${digest.replace(":", "/")}`;
  const entries: TarEntry[] = [{ name: "blobs", type: "directory" }, {
    name: "blobs/sha256",
    type: "directory",
  }];
  for (const i of image.layers.keys()) {
    const digest = image.layers[i]?.blob.digest;
    assert(digest);
    entries.push({ name: blob(digest), content: await bytesOfLayer(image, i) });
  }
  entries.push({ name: blob(image.config.digest), content: image.configBytes });
  entries.push({ name: blob(image.root.digest), content: image.root.bytes });
  const manifests = tags.map((tag) =>
    describe(image.root, {
      annotations: {
        "io.containerd.image.name": `docker.io/library/${tag}`,
        "org.opencontainers.image.ref.name": tag.slice(tag.indexOf(":") + 1),
      },
    })
  );
  entries.push({ name: "index.json", content: JSON.stringify({ schemaVersion: 2, manifests }) });
  entries.push({
    name: "manifest.json",
    content: JSON.stringify([{
      Config: blob(image.config.digest),
      RepoTags: tags,
      Layers: image.layers.map((layer) => blob(layer.blob.digest)),
    }]),
  });
  entries.push({ name: "oci-layout", content: '{"imageLayoutVersion":"1.0.0"}' });
  return entries;
}

Deno.test("importImages() imports the old format of docker save", async (t) => {
  const image = await buildImage(plainLayers);
  const second = await buildImage({ ...plainLayers, runConfig: { Cmd: ["/other"] } });
  const want = diffIdsOf(image);
  await t.step("one image with two tags", async () => {
    const got = await imported(bytesOf(await oldFormat([{ image, tags: ["x:1", "ghcr.io/o/x:2"] }])));
    assertEquals(got, { names: ["docker.io/library/x:1", "ghcr.io/o/x:2"], diffIds: [want, want] });
  });
  for (const linkType of ["symlink", "hardlink"] as const) {
    await t.step(`two images whose common layers are ${linkType}s`, async () => {
      const specs = [{ image, tags: ["x:1"] }, { image: second, tags: ["y:1"], links: [0, 1], linkType }];
      const got = await imported(bytesOf(await oldFormat(specs)));
      assertEquals(got, {
        names: ["docker.io/library/x:1", "docker.io/library/y:1"],
        diffIds: [want, want],
      });
    });
  }
  await t.step("no tag in the archive, but a given name", async () => {
    const bytes = bytesOf(await oldFormat([{ image, tags: null }]));
    assertEquals((await imported(bytes, { name: "a.b/c" })).names, ["a.b/c:latest"]);
    assertEquals((await refused(bytes)).code, "invalid_content");
  });
  await t.step("compressed layers, as crane writes them", async () => {
    const gzip = await buildImage({ layers: [{ compression: "gzip" }, { compression: "zstd" }] });
    const got = await imported(bytesOf(await oldFormat([{ image: gzip, tags: ["x:1"] }])));
    assertEquals(got.diffIds, [diffIdsOf(gzip)]);
  });
  await t.step("manifest.json is the first entry", async () => {
    const entries = (await oldFormat([{ image, tags: ["x:1"] }])).reverse();
    assertEquals((await imported(bytesOf(entries))).diffIds, [want]);
  });
});

Deno.test("importImages() imports the new format of docker save", async (t) => {
  const image = await buildImage();
  const all = await newFormat(image, ["x:1", "x:2"]);
  const names = ["docker.io/library/x:1", "docker.io/library/x:2"];
  await t.step("names from the layout", async () => {
    assertEquals((await imported(bytesOf(all))).names, names);
  });
  await t.step("names from manifest.json if the layout has none", async () => {
    const manifests = [describe(image.root)];
    const index = { name: "index.json", content: JSON.stringify({ schemaVersion: 2, manifests }) };
    const entries = all.map((entry) => entry.name === "index.json" ? index : entry);
    assertEquals((await imported(bytesOf(entries))).names, names);
    assertEquals((await imported(bytesOf(entries), { name: "a.b/c:d" })).names, ["a.b/c:d"]);
  });
  for (const compression of ["gzip", "zstd"] as const) {
    await t.step(`compressed by ${compression}`, async () => {
      assertEquals((await imported(await compress(bytesOf(all), compression))).names, names);
    });
  }
  await t.step("extracted to a directory", async () => {
    await using fixture = await makeFixture();
    const directory = await Deno.makeTempDir();
    try {
      for (const { name, type, content } of all) {
        if (type === "directory") await Deno.mkdir(`${directory}/${name}`, { recursive: true });
        else if (typeof content === "string") await Deno.writeTextFile(`${directory}/${name}`, content);
        else if (content instanceof Uint8Array) await Deno.writeFile(`${directory}/${name}`, content);
      }
      const source = directoryFiles(directory, neverAborted());
      assertEquals(await importImages(fixture.store, source, {}, neverAborted()), names);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
});

Deno.test("importImages() rejects incomplete and invalid archives", async (t) => {
  const image = await buildImage(plainLayers);
  const old = await oldFormat([{ image, tags: ["x:1"] }]);
  const fresh = await newFormat(image, ["x:1"]);
  const other = await buildImage({ ...plainLayers, seed: 9 });
  const without = (entries: readonly TarEntry[], name: RegExp) =>
    entries.filter((entry) => !name.test(entry.name));
  const replaced = (entries: readonly TarEntry[], name: RegExp, by: Partial<TarEntry>) =>
    entries.map((entry) => name.test(entry.name) ? { ...entry, ...by } : entry);
  const layer0 = /^00.*layer\.tar$/;
  const blob1 = new RegExp(`${hexOf(image.layers[1]?.blob.digest ?? image.root.digest)}$`);
  const loop = { type: "symlink", target: "../a/layer.tar" } as const;
  const cases: readonly (readonly [what: string, entries: readonly TarEntry[], code: string])[] = [
    ["old format: a layer is missing", without(old, layer0), "invalid_content"],
    ["old format: the config is missing", without(old, /^[0-9a-f]{64}\.json$/), "invalid_content"],
    [
      "old format: a layer of another image",
      replaced(old, layer0, { content: await bytesOfLayer(other, 0) }),
      "digest_mismatch",
    ],
    [
      "old format: a path leads out of the archive",
      replaced(old, /^manifest\.json$/, {
        content: JSON.stringify([{ Config: "../../etc/passwd", RepoTags: ["x:1"], Layers: [] }]),
      }),
      "invalid_content",
    ],
    [
      "old format: a loop of links",
      [...replaced(old, layer0, { ...loop, content: "" }), { name: "a/layer.tar", ...loop }],
      "invalid_content",
    ],
    [
      "old format: a link that leads out of the archive",
      replaced(old, layer0, { type: "symlink", target: "../../../etc/passwd", content: "" }),
      "invalid_content",
    ],
    [
      "old format: manifest.json is not an array",
      replaced(old, /^manifest/, { content: "{}" }),
      "invalid_content",
    ],
    [
      "old format: manifest.json is not JSON",
      replaced(old, /^manifest/, { content: "]," }),
      "invalid_content",
    ],
    ["old format: no images", replaced(old, /^manifest/, { content: "[]" }), "invalid_content"],
    ["new format: a blob is missing", without(fresh, blob1), "invalid_content"],
    [
      "new format: the manifest is missing",
      without(fresh, new RegExp(hexOf(image.root.digest))),
      "invalid_content",
    ],
    [
      "new format: a blob has other content",
      replaced(fresh, blob1, { content: "other bytes" }),
      "digest_mismatch",
    ],
    ["new format: index.json is not JSON", replaced(fresh, /^index/, { content: "" }), "invalid_content"],
    ["neither format", [{ name: "etc/passwd", content: "root" }], "invalid_content"],
    [
      "an entry whose path leads out of the archive",
      [{ name: "../x", content: "" }, ...fresh],
      "invalid_content",
    ],
  ];
  for (const [what, entries, code] of cases) {
    await t.step(what, async () => {
      const error = await refused(bytesOf(entries));
      assertEquals(error.code, code, error.message);
    });
  }
  await t.step("two images and one given name", async () => {
    const specs = [{ image, tags: ["x:1"] }, { image: other, tags: ["y:1"] }];
    const error = await refused(bytesOf(await oldFormat(specs)), { name: "a.b/c" });
    assertEquals(error.code, "invalid_argument");
  });
  await t.step("a given name with a digest", async () => {
    const error = await refused(bytesOf(fresh), { name: `a.b/c@${image.root.digest}` });
    assertEquals(error.code, "invalid_argument");
  });
});

Deno.test("importImages() throws the reason of the signal", async () => {
  await using fixture = await makeFixture();
  const bytes = bytesOf(await newFormat(await buildImage(), ["x:1"]));
  const signal = AbortSignal.abort(new Error("cancelled"));
  const source = tarFiles(readerOf(bytes), signal);
  await assertRejects(() => importImages(fixture.store, source, {}, signal), Error, "cancelled");
});
