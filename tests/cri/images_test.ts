import { ImageService } from "../../src/cri/proto/runtime_pb.ts";
import { pinImage } from "../../src/image/pin.ts";
import { tagImage } from "../../src/image/tag.ts";
import { openStore } from "../../src/store/store.ts";
import { neverAborted } from "../../src/base/concurrency/abort.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { buildArtifact, buildImage, buildIndex } from "../images/mod.ts";
import { CallError, type CriTest, withCri } from "./test_service.ts";

const { imageFsInfo, imageStatus, listImages, streamImages } = ImageService.method;

async function pullSeeds({ cri, fixture }: CriTest, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let seed = 1; seed <= count; seed++) {
    fixture.remote.push(`v${seed}`, await buildImage({ seed, layers: 1 }));
    ids.push(await cri.pull(`registry.example/app${seed}:v${seed}`));
  }
  return ids;
}

Deno.test("filters find names, repositories, digests and parts of ids", async (t) => {
  await withCri(async (test) => {
    const { cri, fixture } = test;
    const ids = await pullSeeds(test, 3);
    await tagImage(fixture.deps, ids[0] ?? "", "registry.example/app2:other", neverAborted());
    const first = ids[0] ?? "";
    const digest = (await cri.status(first))?.repoDigests[0] ?? "";
    const cases: readonly [filter: string, want: readonly string[]][] = [
      ["", ids],
      ["registry.example/app1:v1", [first]],
      ["registry.example/app2", [first, ids[1] ?? ""]],
      ["registry.example/app1:v9", []],
      ["registry.example/none", []],
      [digest, [first]],
      [digest.slice(digest.indexOf("@") + 1), [first]],
      [first, [first]],
      [first.slice(7), [first]],
      [first.slice(7, 13), [first]],
      ["no name at all", []],
      ["docker.io/library/app1", []],
    ];
    for (const [filter, want] of cases) {
      await t.step(`"${filter}"`, async () => {
        assertEquals((await cri.list(filter)).map(({ id }) => id).sort(), [...want].sort());
      });
    }
    await t.step("an empty filter matches everything", async () => {
      assertEquals((await cri.call(listImages, { filter: {} })).images.length, 3);
      assertEquals((await cri.call(listImages, { filter: { image: {} } })).images.length, 3);
    });
  });
});

Deno.test("a status is found by every name of the image, and empty for an unknown one", async (t) => {
  await withCri(async ({ cri, fixture }) => {
    const index = await buildIndex({ platforms: ["linux/amd64", "linux/arm64"] });
    fixture.remote.push("1", index);
    const id = await cri.pull("app:1");
    const [record] = await fixture.store.listImages();
    const manifest = record?.manifest.digest ?? "";
    const found = [
      ...[
        "app:1",
        "docker.io/library/app:1",
        "docker.io/app:1",
        "index.docker.io/library/app:1",
        "docker:library/app:1",
      ],
      ...[id, id.slice(7), id.slice(7, 10), manifest, index.root.digest],
      ...[`app@${index.root.digest}`, `app@${manifest}`, `app:other@${index.root.digest}`],
    ];
    for (const name of found) {
      await t.step(`found: ${name}`, async () => assertEquals((await cri.status(name))?.id, id));
    }
    const missing = [
      ...["app", "app:2", "registry.example/app:1", "UPPER CASE", "https://x", `sha256:${"0".repeat(64)}`],
      ...[id.slice(7, 9), `other@${index.root.digest}`, `app@sha256:${"1".repeat(64)}`],
    ];
    for (const name of missing) {
      await t.step(`missing: ${name}`, async () => assertEquals(await cri.status(name), undefined));
    }
    await t.step("none named", async () => {
      for (const request of [{}, { image: {} }, { image: { image: "" } }]) {
        const error = await assertRejects(() => cri.call(imageStatus, request), CallError);
        assertEquals([error.code, error.message], [3, "no image specified"]);
      }
    });
  });
});

Deno.test("a removal takes a name, an id, or 12 digits of an id", async () => {
  await withCri(async (test) => {
    const { cri } = test;
    const [id = ""] = await pullSeeds(test, 1);
    for (const text of [id.slice(7, 10), id.slice(7, 18), "a", "no name at all"]) await cri.remove(text);
    assertEquals((await cri.list()).length, 1);
    const error = await assertRejects(() => cri.remove(""), CallError);
    assertEquals(error.code, 3);
    await cri.remove(id.slice(7, 19));
    assertEquals(await cri.list(), []);
  });
});

Deno.test("a stream sends each image once, in messages of at least one, and nothing without images", async () => {
  await withCri(async (test) => {
    assertEquals(await test.cri.all(streamImages, {}), []);
    const ids = await pullSeeds(test, 5);
    const responses = await test.cri.all(streamImages, {});
    assertEquals(responses.flatMap(({ images }) => images.map(({ id }) => id)).sort(), [...ids].sort());
    assertEquals(responses.flatMap(({ images }) => images), (await test.cri.list()) as unknown[]);
    assertEquals(await test.cri.all(streamImages, { filter: { image: { image: "none/such:1" } } }), []);
  });
});

Deno.test("v1alpha2 is served by the same handlers, without newer fields", async () => {
  await withCri(async (test) => {
    const { cri } = test;
    await pullSeeds(test, 1);
    const api = { api: "v1alpha2" };
    assertEquals((await cri.call(listImages, {}, api)).images, await cri.list());
    const [v1, old] = [await cri.call(imageFsInfo, {}), await cri.call(imageFsInfo, {}, api)];
    assertEquals([v1.containerFilesystems.length, old.containerFilesystems.length], [1, 0]);
    assertEquals(old.imageFilesystems[0]?.fsId?.mountpoint, test.fixture.root);
    assert((old.imageFilesystems[0]?.timestamp ?? 0n) > 10n ** 18n);
    const error = await assertRejects(() => cri.all(streamImages, {}, api), CallError);
    assertEquals(error.code, 12);
  });
});

Deno.test("annotations of the manifest are in list and status; a verbose status has more fields", async () => {
  await withCri(async ({ cri, fixture }) => {
    const annotations = { "org.example.note": "yes" };
    const runConfig = { Labels: { a: "b" }, User: "7" };
    fixture.remote.push("1", await buildImage({ manifest: { annotations }, runConfig }));
    const id = await cri.pull("registry.example/app:1");
    assertEquals((await cri.list())[0]?.spec?.annotations, annotations);
    const { image, info } = await cri.call(imageStatus, { image: { image: id }, verbose: true });
    assertEquals(image?.spec?.annotations, annotations);
    const { chainID, labels, imageSpec, rootfs, indexDigest, source } = JSON.parse(info.info ?? "");
    assertEquals([labels, imageSpec.config.User, indexDigest, source], [
      { a: "b" },
      "7",
      null,
      "registry.example/app",
    ]);
    assertEquals([/^sha256:/.test(chainID), rootfs.length], [true, 2]);
  });
});

Deno.test("pins come from records and from the configuration", async () => {
  await withCri(async (test) => {
    const { cri, fixture } = test;
    const [first = "", second = ""] = await pullSeeds(test, 3);
    const pinned = async () => (await cri.list()).filter(({ pinned }) => pinned).map(({ id }) => id);
    assertEquals(await pinned(), [second]);
    await pinImage(fixture.deps, first, true, neverAborted());
    assertEquals((await pinned()).sort(), [first, second].sort());
    await pinImage(fixture.deps, first, false, neverAborted());
    await cri.remove(second);
    assertEquals(await pinned(), []);
  }, { pinned: ["registry.example/app2:v2"] });
});

Deno.test("the next call sees changes by another process", async () => {
  await withCri(async (test) => {
    const { cri, fixture } = test;
    const [id = ""] = await pullSeeds(test, 2);
    const other = await openStore(fixture.root);
    await tagImage({ store: other }, id, "other.example/new:1", neverAborted());
    assertEquals((await cri.status("other.example/new:1"))?.id, id);
    await other.updateImages(
      (records) => [...records.values()].filter(({ imageId }) => imageId !== id),
      neverAborted(),
    );
    assertEquals(await cri.status(id), undefined);
    assertEquals((await cri.list()).length, 1);
    const ours = await other.listImages();
    await cri.remove(ours[0]?.name ?? "");
    assertEquals(await other.listImages(), []);
  });
});

Deno.test("an incomplete image isn't present: a pull repairs it, and it can be removed", async (t) => {
  const name = "registry.example/app:1";
  for (const part of ["index", "manifest", "config", "layer"] as const) {
    await t.step(`no ${part}`, async () => {
      const index = await buildIndex({ platforms: ["linux/amd64"] });
      const [image] = index.images;
      assert(image);
      const { id, digest } = {
        id: image.config.digest,
        digest: {
          index: index.root.digest,
          manifest: image.root.digest,
          config: image.config.digest,
          layer: image.layers[0]?.descriptor.digest ?? image.config.digest,
        }[part],
      };
      await withCri(async ({ cri, fixture, lines }) => {
        assertEquals([await cri.list(), await cri.status(name), await cri.status(id)], [
          [],
          undefined,
          undefined,
        ]);
        assert(lines.some(({ level }) => level === "warning"));
        await cri.pull(name);
        assert(await fixture.store.findBlob(digest));
        assertEquals([(await cri.list()).length, (await cri.status(name))?.id], [1, id]);
        await fixture.damage(digest, "remove");
        await cri.remove(name);
        assertEquals(await fixture.store.listImages(), []);
      }, {
        before: async (fixture) => {
          const { pullImage } = await import("../../src/image/pull/pull.ts");
          fixture.remote.push("1", index);
          await pullImage(fixture.deps, name, { platform: image.platform });
          await fixture.damage(digest, "remove");
        },
      });
    });
  }
});

Deno.test("an image with a damaged document isn't present, and a pull repairs it", async (t) => {
  const name = "registry.example/app:1";
  const index = await buildIndex({ platforms: ["linux/amd64"], image: { runConfig: { User: "5" } } });
  const [image] = index.images;
  assert(image);
  const documents = { index: index.root, manifest: image.root, config: image.config };
  for (const [what, { digest }] of Object.entries(documents)) {
    await t.step(what, async () => {
      await withCri(async ({ cri }) => {
        assertEquals([await cri.list(), await cri.status(`registry.example/app@${index.root.digest}`)], [
          [],
          undefined,
        ]);
        const id = await cri.pull(name);
        assertEquals((await cri.status(name))?.id, id);
      }, {
        before: async (fixture) => {
          const { pullImage } = await import("../../src/image/pull/pull.ts");
          fixture.remote.push("1", index);
          await pullImage(fixture.deps, name, { platform: image.platform });
          await fixture.damage(digest, "flip");
        },
      });
    });
  }
});

Deno.test("a status checks its own image, however many others there are", async () => {
  await withCri(async (test) => {
    const { cri, fixture } = test;
    // The names of the last one sort last, and more records come before them than one call checks.
    const ids = await pullSeeds(test, 15);
    const id = ids.at(8) ?? "";
    assert(await cri.status(id));
    const [layer] = (await buildImage({ seed: 9, layers: 1 })).layers;
    assert(layer);
    await fixture.damage(layer.descriptor.digest, "remove");
    // A complete image is checked again after a second.
    await new Promise((next) => setTimeout(next, 1100));
    assertEquals(await cri.status(id), undefined);
  });
});

Deno.test("a layer that disappears while the server runs is noticed by list and status", async (t) => {
  for (const call of ["list", "status"] as const) {
    await t.step(call, async () => {
      await withCri(async (test) => {
        const { cri, fixture } = test;
        const [id = ""] = await pullSeeds(test, 1);
        const isPresent = async () =>
          call === "list" ? (await cri.list()).length === 1 : await cri.status(id) !== undefined;
        assert(await isPresent());
        const layers = await Array.fromAsync(fixture.store.listBlobs());
        const layer = layers.sort((a, b) => b.size - a.size)[0];
        assert(layer);
        await fixture.damage(layer.digest, "truncate");
        const end = performance.now() + 10_000;
        while (await isPresent() && performance.now() < end) {
          await new Promise((next) => setTimeout(next, 50));
        }
        assert(!await isPresent());
      });
    });
  }
});

Deno.test("artifacts that share the empty config have their own ids, and are removed on their own", async () => {
  await withCri(async ({ cri, fixture }) => {
    const [one, other] = [await buildArtifact({ files: ["1"] }), await buildArtifact({ files: ["2"] })];
    fixture.remote.push("1", one);
    fixture.remote.push("2", other);
    const ids = [await cri.pull("files/one:1"), await cri.pull("files/other:2")];
    assertEquals(ids, [one.root.digest, other.root.digest]);
    assertEquals((await cri.list()).length, 2);
    await cri.remove("files/one:1");
    assertEquals([await cri.status("files/one:1"), (await cri.status("files/other:2"))?.id], [
      undefined,
      ids[1],
    ]);
  });
});

Deno.test("a name has the size of its own manifest, also if another manifest has the same image id", async () => {
  await withCri(async ({ cri, fixture }) => {
    const sizes = new Map<string, bigint>();
    for (const compression of ["gzip", "none"] as const) {
      fixture.remote.push(compression, await buildImage({ layers: [{ compression }] }));
      await cri.pull(`registry.example/app:${compression}`);
      sizes.set(compression, (await cri.status(`registry.example/app:${compression}`))?.size ?? 0n);
    }
    assertEquals((await cri.list()).map(({ repoTags }) => repoTags.length), [2]);
    for (const [compression, size] of sizes) {
      assertEquals((await cri.status(`registry.example/app:${compression}`))?.size, size);
    }
    assert(sizes.get("gzip") !== sizes.get("none"));
  });
});
