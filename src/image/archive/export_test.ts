import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "../../../tests/assert.ts";
import { makeFixture } from "../../../tests/fakes/fixture.ts";
import { observeSteps } from "../../../tests/store/commit_steps.ts";
import { buildImage, buildIndex } from "../../../tests/images/mod.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { type ByteReader, type ByteSink, concatBytes } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { parsePlatform } from "../../oci/platform.ts";
import { openLayoutDirectory } from "../../store/layout_directory.ts";
import { openStore } from "../../store/store.ts";
import { pullImage } from "../pull/pull.ts";
import { tagImage } from "../tag.ts";
import { verifyStore } from "../verify/verify.ts";
import type { ArchiveSource } from "../../content/archive_source.ts";
import { cleanPath, tarFiles } from "./archive_source.ts";
import { exportArchive, exportLayout } from "./export.ts";
import { importImages } from "./import.ts";

const LAYOUT = ["blobs", "index.json", "oci-layout"];
const AMD64 = { platform: parsePlatform("linux/amd64") };

/** A sink that records what is written. */
function recordingSink(): ByteSink & { readonly bytes: () => Uint8Array<ArrayBuffer> } {
  const chunks: Uint8Array[] = [];
  return {
    write: (bytes) => {
      chunks.push(bytes.slice());
      return Promise.resolve();
    },
    bytes: () => concatBytes(chunks),
  };
}

function readerOf(bytes: Uint8Array): ByteReader {
  let at = 0;
  return {
    read(buffer) {
      if (at === bytes.length) return Promise.resolve(null);
      const chunk = bytes.subarray(at, at + Math.min(buffer.length, 10_000));
      buffer.set(chunk);
      at += chunk.length;
      return Promise.resolve(chunk.length);
    },
  };
}

const fromArchive = (bytes: Uint8Array): ArchiveSource => tarFiles(readerOf(bytes), neverAborted());

Deno.test("importImages() restores the images and names that exportArchive() wrote", async (t) => {
  await using from = await makeFixture();
  const index = await buildIndex({ platforms: ["linux/amd64", "linux/arm64"], attestations: true });
  from.remote.push("1", index);
  from.remote.push("2", await buildImage({ seed: 5, format: "docker" }));
  await pullImage(from.deps, "a.b/c:1", { allPlatforms: true });
  await pullImage(from.deps, "a.b/c:2");
  await tagImage(from.deps, "a.b/c:2", "docker.io/library/x:y", neverAborted());
  for (const format of ["oci-archive", "docker-archive"] as const) {
    await t.step(format, async () => {
      const sink = recordingSink();
      await exportArchive(from.store, ["a.b/c:1", "a.b/c:2", "x:y"], format, sink, neverAborted());
      const again = recordingSink();
      await exportArchive(from.store, ["a.b/c:1", "a.b/c:2", "x:y"], format, again, neverAborted());
      assertEquals(sink.bytes(), again.bytes());
      await using to = await makeFixture();
      const names = await importImages(to.store, fromArchive(sink.bytes()), {}, neverAborted());
      assertEquals(names, ["a.b/c:1", "a.b/c:2", "docker.io/library/x:y"]);
      assertEquals((await verifyStore(to.deps)).faults, []);
      const imported = new Map((await to.store.listImages()).map((record) => [record.name, record]));
      for (const record of await from.store.listImages()) {
        if (!names.includes(record.name)) continue;
        const { imageId, manifest, scope } = imported.get(record.name) ?? record;
        assertEquals([imageId, manifest.digest, scope], [
          record.imageId,
          record.manifest.digest,
          record.scope,
        ]);
        assert(imported.has(record.name), record.name);
      }
    });
  }
});

Deno.test("exportLayout() adds images to a layout that contains others", async () => {
  await using from = await makeFixture();
  await using to = await makeFixture();
  from.remote.push("1", await buildIndex());
  to.remote.push("1", await buildImage({ seed: 3 }));
  await pullImage(from.deps, "a.b/c:1", AMD64);
  await pullImage(to.deps, "x.y/z:1");
  await exportLayout(
    from.store,
    ["a.b/c:1"],
    () => openLayoutDirectory(to.root, { signal: neverAborted() }),
    neverAborted(),
  );
  const names = (await to.store.listImages()).map(({ name }) => name);
  assert(names.includes("a.b/c:1") && names.includes("x.y/z:1"));
  assertEquals((await verifyStore(to.deps)).faults, []);
});

Deno.test("exportLayout() writes only standard files, even if it is interrupted and repeated", async () => {
  await using from = await makeFixture();
  from.remote.push("1", await buildImage());
  await pullImage(from.deps, "a.b/c:1");
  const directory = `${from.root}/out/layout`;
  const names = () => Array.from(Deno.readDirSync(directory), ({ name }) => name).sort();
  const reason = new Error("interrupted");
  let steps = 0;
  const controller = new AbortController();
  const open = () => openLayoutDirectory(directory, { signal: neverAborted() });
  const interruption = observeSteps(directory, () => {
    if (++steps === 5) controller.abort(reason);
  });
  const thrown = await assertRejects(
    () => exportLayout(from.store, ["a.b/c:1"], open, controller.signal),
    Error,
  );
  interruption[Symbol.dispose]();
  assertStrictEquals(thrown, reason);
  assertEquals(names(), LAYOUT);
  assertEquals(await (await openStore(directory, { mode: "read" })).listImages(), []);
  await exportLayout(from.store, ["a.b/c:1"], open, neverAborted());
  assertEquals(names(), LAYOUT);
  assert((await (await openStore(directory, { mode: "read" })).listImages()).length > 0);
});

Deno.test("exportLayout() creates no directory for a missing image", async () => {
  await using from = await makeFixture();
  const open = () => openLayoutDirectory(`${from.root}/out`, { signal: neverAborted() });
  await assertRejects(() => exportLayout(from.store, ["a.b/c:1"], open, neverAborted()), AppError);
  await assertRejects(() => Deno.stat(`${from.root}/out`), Deno.errors.NotFound);
});

Deno.test("exportArchive() writes nothing if a blob is missing", async () => {
  await using from = await makeFixture();
  const image = await buildImage();
  from.remote.push("1", image);
  await pullImage(from.deps, "a.b/c:1");
  await from.damage(image.config.digest, "remove");
  const sink = recordingSink();
  const exported = () => exportArchive(from.store, ["a.b/c:1"], "oci-archive", sink, neverAborted());
  const error = await assertRejects(exported, AppError, "--repair");
  assertEquals(error.code, "store_corrupt");
  assertEquals(sink.bytes().length, 0);
});

Deno.test("an export fails at a damaged blob, and writes an intact one", async (t) => {
  const image = await buildImage({ layers: [{ size: 3000, compression: "none" }] });
  const layer = image.layers[0]?.blob.digest;
  assert(layer);
  for (const format of ["oci-archive", "docker-archive", "oci-dir"] as const) {
    await t.step(format, async () => {
      await using from = await makeFixture();
      from.remote.push("1", image);
      await pullImage(from.deps, "a.b/c:1");
      const sink = recordingSink();
      const open = () => openLayoutDirectory(`${from.root}-out`, { signal: neverAborted() });
      const exported = async () => {
        if (format === "oci-dir") await exportLayout(from.store, ["a.b/c:1"], open, neverAborted());
        else await exportArchive(from.store, ["a.b/c:1"], format, sink, neverAborted());
      };
      try {
        await exported();
        await Deno.remove(`${from.root}-out`, { recursive: true }).catch(() => {});
        await from.damage(layer, "flip");
        const error = await assertRejects(exported, AppError, "dray verify --repair");
        assertEquals(error.code, "digest_mismatch");
        assert(error.message.includes(layer), error.message);
      } finally {
        await Deno.remove(`${from.root}-out`, { recursive: true }).catch(() => {});
      }
    });
  }
});

Deno.test("importImages() uses the given name", async () => {
  await using from = await makeFixture();
  from.remote.push("1", await buildImage());
  await pullImage(from.deps, "a.b/c:1");
  const sink = recordingSink();
  await exportArchive(from.store, ["a.b/c:1"], "oci-archive", sink, neverAborted());
  await using to = await makeFixture();
  const options = { name: "new.one/name" };
  assertEquals(await importImages(to.store, fromArchive(sink.bytes()), options, neverAborted()), [
    "new.one/name:latest",
  ]);
});

Deno.test("importImages() records no name from an invalid archive", async (t) => {
  await using from = await makeFixture();
  const image = await buildImage({ layers: [{ size: 3000, compression: "none" }] });
  from.remote.push("1", image);
  await pullImage(from.deps, "a.b/c:1");
  const sink = recordingSink();
  await exportArchive(from.store, ["a.b/c:1"], "oci-archive", sink, neverAborted());
  const good = sink.bytes();
  const layer = image.layers[0];
  assert(layer);
  const layerAt = indexOf(good, concatBytes([...layer.blob.read(0, 600)].map((chunk) => chunk.slice())));
  const flipped = good.slice();
  flipped[layerAt + 520] = (flipped[layerAt + 520] ?? 0) ^ 1;
  const cases: readonly (readonly [name: string, bytes: Uint8Array, code: string])[] = [
    ["a flipped byte in a layer", flipped, "digest_mismatch"],
    ["truncated in the layer", good.subarray(0, layerAt + 700), "invalid_content"],
    ["not an archive", new TextEncoder().encode("hello".repeat(300)), "invalid_content"],
    ["empty", new Uint8Array(), "invalid_content"],
  ];
  for (const [name, bytes, code] of cases) {
    await t.step(name, async () => {
      await using to = await makeFixture();
      const error = await assertRejects(
        () => importImages(to.store, fromArchive(bytes), {}, neverAborted()),
        AppError,
      );
      assertEquals(error.code, code, error.message);
      assertEquals(await to.store.listImages(), []);
      assertEquals((await verifyStore(to.deps)).faults, []);
    });
  }
});

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  for (let i = 0; i + part.length <= bytes.length; i++) {
    if (part.every((byte, k) => bytes[i + k] === byte)) return i;
  }
  return -1;
}

Deno.test("cleanPath() keeps paths inside the archive", async (t) => {
  for (const [path, want] of [["./a//b/", "a/b"], ["/a", "a"], ["a/../b", "b"]] as const) {
    await t.step(path, () => assertEquals(cleanPath(path), want));
  }
  await t.step("../a", () => {
    const error = assertThrows(() => cleanPath("a/../../b"), AppError);
    assertEquals(error.code, "invalid_content");
  });
});
