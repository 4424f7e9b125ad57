import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { makeFixture } from "../../../tests/fakes/fixture.ts";
import {
  buildArtifact,
  buildImage,
  buildIndex,
  describe,
  indexOf,
  type TestArtifact,
} from "../../../tests/images/mod.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import { parsePlatform } from "../../oci/platform.ts";
import { openStore, type Store } from "../../store/store.ts";
import type { PullEvent } from "../model/events.ts";
import { pullImage } from "./pull.ts";
import { collectGarbage } from "../gc/sweep.ts";
import type { PullOptions } from "../model/types.ts";

async function fixture() {
  const parts = await makeFixture();
  const pull = (name: string, options?: PullOptions) => pullImage(parts.deps, name, options);
  return { ...parts, pull };
}

const AMD64 = { platform: parsePlatform("linux/amd64") };

Deno.test("pullImage() fetches every blob of the chosen platform, and records tag and digest in one transaction", async () => {
  await using parts = await fixture();
  const { store, remote, pull } = parts;
  const index = await buildIndex({ platforms: ["linux/amd64", "linux/arm64"], attestations: true });
  remote.push("1", index);
  const result = await pull("a.b/c:1", AMD64);
  const [image] = index.images;
  assert(image);
  assertEquals(result.names, ["a.b/c:1", `a.b/c@${index.root.digest}`]);
  assertEquals(result.image.id, image.config.digest);
  assertEquals(result.image.manifest.digest, image.root.digest);
  assertEquals(result.image.target.digest, index.root.digest);
  assertEquals((await store.listImages()).map(({ name }) => name), [...result.names].sort());
  const blobs = await Array.fromAsync(store.listBlobs());
  assertEquals(
    blobs.map(({ digest }) => digest).sort(),
    [index.root.digest, image.root.digest, ...image.blobs.map(({ digest }) => digest)].sort(),
  );
});

Deno.test("pullImage() fetches only the name's document if everything is stored", async () => {
  await using parts = await fixture();
  const { remote, pull } = parts;
  remote.push("1", await buildIndex());
  await pull("a.b/c:1", AMD64);
  const before = remote.fetches.length;
  const again = await pull("a.b/c:1", AMD64);
  assertEquals(remote.fetches.length, before);
  assertEquals(again.fetched, 0);
});

Deno.test("pullImage() fetches a blob once that two layers or two images share", async () => {
  await using parts = await fixture();
  const { remote, pull } = parts;
  const shared = { size: 4000, seed: 77 };
  const first = await buildImage({ layers: [shared, shared] });
  remote.push("1", first);
  remote.push("2", await buildImage({ layers: [shared, { size: 100 }], seed: 9 }));
  await pull("a.b/c:1");
  await pull("a.b/c:2");
  const digest = first.layers[0]?.descriptor.digest;
  assertEquals(remote.fetches.filter((fetch) => fetch.digest === digest).length, 1);
});

Deno.test("pullImage() by digest records no tag", async () => {
  await using parts = await fixture();
  const { remote, pull } = parts;
  const image = await buildImage();
  remote.push("1", image);
  const name = `a.b/c@${image.root.digest}`;
  assertEquals((await pull(`a.b/c:1@${image.root.digest}`)).names, [name]);
  assertEquals((await pull(name)).names, [name]);
});

Deno.test("pullImage() moves a tag to the new image, and the old image keeps its digest", async () => {
  await using parts = await fixture();
  const { store, remote, pull } = parts;
  const [old, fresh] = [await buildImage({ seed: 1 }), await buildImage({ seed: 2 })];
  remote.push("1", old);
  await pull("a.b/c:1");
  remote.push("1", fresh);
  await pull("a.b/c:1");
  const records = new Map((await store.listImages()).map(({ name, imageId }) => [name, imageId]));
  assertEquals(records.get("a.b/c:1"), fresh.config.digest);
  assertEquals(records.get(`a.b/c@${old.root.digest}`), old.config.digest);
});

Deno.test("pullImage() with all platforms fetches everything below the index", async () => {
  await using parts = await fixture();
  const { store, remote, pull } = parts;
  const index = await buildIndex({ platforms: ["linux/amd64", "linux/arm64"], attestations: true });
  remote.push("1", index);
  const { image: pulled } = await pull("a.b/c:1", { allPlatforms: true });
  assertEquals(pulled.scope, "all-platforms");
  for (const { digest } of [...index.documents, ...index.blobs]) assert(await store.findBlob(digest), digest);
});

Deno.test("pullImage() of one platform keeps the others of a name that has all platforms", async () => {
  await using parts = await fixture();
  const { deps, store, remote, pull } = parts;
  const index = await buildIndex({ platforms: ["linux/amd64", "linux/arm64"] });
  remote.push("1", index);
  await pull("a.b/c:1", { allPlatforms: true });
  const [, arm64] = index.images;
  await pull("a.b/c:1", { platform: parsePlatform("linux/arm64") });
  const [record] = await store.listImages();
  assertEquals([record?.scope, record?.imageId], ["all-platforms", arm64?.config.digest]);
  await collectGarbage(deps);
  for (const { digest } of [...index.documents, ...index.blobs]) assert(await store.findBlob(digest), digest);

  const fresh = await buildIndex({ platforms: ["linux/amd64", "linux/arm64"], image: { seed: 2 } });
  remote.push("1", fresh);
  await pull("a.b/c:1", AMD64);
  const moved = (await store.listImages()).find(({ name }) => name === "a.b/c:1");
  assertEquals(moved?.scope, "one-platform", "with a new target it has only the pulled platform");
});

Deno.test("pullImage() chooses among platforms", async (t) => {
  const platforms = ["linux/arm/v6", "linux/arm/v7", "linux/arm64", "linux/amd64"];
  const cases: readonly (readonly [want: string, got: string])[] = [
    ["linux/arm/v7", "linux/arm/v7"],
    ["linux/arm/v8", "linux/arm/v7"],
    ["linux/arm64/v8", "linux/arm64"],
    ["linux/amd64/v3", "linux/amd64"],
  ];
  for (const withoutPlatforms of [false, true]) {
    await using parts = await fixture();
    const { remote, pull } = parts;
    const index = await buildIndex({ platforms, withoutPlatforms });
    remote.push("1", index);
    for (const [want, got] of cases) {
      await t.step(`${want} ${withoutPlatforms ? "by their configs" : "by the index"}`, async () => {
        const { image: pulled } = await pull("a.b/c:1", { platform: parsePlatform(want) });
        const image = index.images[platforms.indexOf(got)];
        assertEquals(pulled.manifest.digest, image?.root.digest);
      });
    }
  }
  await t.step("an error names the available platforms", async () => {
    await using parts = await fixture();
    const { remote, pull } = parts;
    remote.push("1", await buildIndex({ platforms, attestations: true }));
    const error = await assertRejects(
      () => pull("a.b/c:1", { platform: parsePlatform("linux/s390x") }),
      AppError,
    );
    assertEquals(error.code, "not_found");
    assertEquals(error.details.available, ["linux/amd64", "linux/arm/v6", "linux/arm/v7", "linux/arm64"]);
  });
  await t.step(
    "a single image for another platform is refused only if the caller named the platform",
    async () => {
      await using parts = await fixture();
      const { remote, pull } = parts;
      remote.push("1", await buildImage({ platform: "linux/s390x" }));
      const error = await assertRejects(() => pull("a.b/c:1", AMD64), AppError, "available: linux/s390x");
      assertEquals(error.code, "not_found");
      await pull("a.b/c:1");
    },
  );
});

Deno.test("pullImage() reads nested indexes to a depth of 4 and no deeper", async () => {
  const nested = async (depth: number) => {
    let artifact: TestArtifact = await buildIndex({ platforms: ["linux/amd64"] });
    for (let i = 1; i < depth; i++) artifact = await indexOf("oci", [describe(artifact.root)], [artifact]);
    return artifact;
  };
  await using parts = await fixture();
  const { remote, pull } = parts;
  remote.push("4", await nested(4));
  remote.push("5", await nested(5));
  await pull("a.b/c:4", AMD64);
  const error = await assertRejects(() => pull("a.b/c:5", AMD64), AppError, "deeper than 4");
  assertEquals(error.code, "limit_exceeded");
});

Deno.test("pullImage() pulls artifacts without an image config", async () => {
  await using parts = await fixture();
  const { remote, pull } = parts;
  remote.push("1", await buildArtifact());
  const { image: pulled } = await pull("a.b/c:1");
  assertEquals(pulled.kind, "artifact");
  assertEquals(pulled.platform, undefined);
});

Deno.test("pullImage() fetches corrupt data twice more, and records no name if it is still corrupt", async (t) => {
  const image = await buildImage({ layers: [{ size: 9000 }] });
  const digest = image.layers[0]?.descriptor.digest;
  assert(digest);
  await t.step("wrong twice", async () => {
    await using parts = await fixture();
    const { remote, pull } = parts;
    remote.push("1", image);
    remote.failNext(digest, { kind: "wrong-byte" }, { kind: "wrong-byte" });
    const events: PullEvent[] = [];
    await pull("a.b/c:1", { onEvent: (event) => events.push(event) });
    assertEquals(events.filter(({ kind }) => kind === "restart").length, 2);
  });
  await t.step("wrong three times", async () => {
    await using parts = await fixture();
    const { store, remote, pull } = parts;
    remote.push("1", image);
    remote.failNext(digest, { kind: "wrong-byte" }, { kind: "wrong-byte" }, { kind: "wrong-byte" });
    const error = await assertRejects(() => pull("a.b/c:1"), AppError, "3 times");
    assertEquals(error.code, "digest_mismatch");
    assertEquals(await store.listImages(), []);
    assertEquals(await store.findBlob(digest), undefined);
    await pull("a.b/c:1");
  });
});

Deno.test("pullImage() resumes at the byte where an earlier run ended", async () => {
  await using parts = await fixture();
  const { remote, pull } = parts;
  const image = await buildImage({ layers: [{ size: 900_000, compression: "none" }] });
  const digest = image.layers[0]?.descriptor.digest;
  assert(digest);
  remote.push("1", image);
  const broken = new AppError("network", "Broken");
  remote.failNext(digest, { kind: "break", after: 600_000, error: broken });
  assertEquals(await assertRejects(() => pull("a.b/c:1"), AppError), broken);
  const { fetched } = await pull("a.b/c:1");
  assertEquals(remote.fetches.filter((fetch) => fetch.digest === digest).map(({ offset }) => offset), [
    0,
    600_000,
  ]);
  assert(fetched < 400_000, `fetched ${fetched}`);
});

Deno.test("pullImage() restarts at byte 0 if the host can't resume", async () => {
  await using parts = await fixture();
  const { remote, pull } = parts;
  const image = await buildImage({ layers: [{ size: 900_000, compression: "none" }] });
  const digest = image.layers[0]?.descriptor.digest;
  assert(digest);
  remote.push("1", image);
  remote.failNext(digest, { kind: "break", after: 600_000, error: new AppError("network", "Broken") }, {
    kind: "ignore-offset",
  });
  await assertRejects(() => pull("a.b/c:1"), AppError);
  await pull("a.b/c:1");
});

Deno.test("pullImage() reports each blob from the plan to the store", async () => {
  await using parts = await fixture();
  const { remote, pull } = parts;
  const image = await buildImage({ layers: 1 });
  remote.push("1", image);
  const events: PullEvent[] = [];
  await pull("a.b/c:1", { onEvent: (event) => events.push(event) });
  const kinds = events.map(({ kind }) => kind).filter((kind) => kind !== "blob" && kind !== "bytes");
  assertEquals(kinds, ["resolving", "resolved", "selected", "planned", "recorded"]);
  const digest = image.layers[0]?.descriptor.digest;
  const states = events.flatMap((event) =>
    event.kind === "blob" && event.digest === digest ? [event.state] : []
  );
  assertEquals(states, ["waiting", "fetching", "committing", "committed"]);
});

Deno.test("pullImage() ends with the caller's abort reason and records nothing", async () => {
  await using parts = await fixture();
  const { store, remote, pull } = parts;
  remote.push("1", await buildImage());
  const controller = new AbortController();
  const reason = new RangeError("enough");
  const stopped = pull("a.b/c:1", {
    signal: controller.signal,
    onEvent: ({ kind }) => kind === "planned" && controller.abort(reason),
  });
  assertEquals(await assertRejects(() => stopped, RangeError), reason);
  assertEquals(await store.listImages(), []);
});

Deno.test("pullImage() reports what it waits for, and only if it waits", async (t) => {
  const image = await buildImage({ layers: [{ size: 1000 }] });
  const layer = image.layers[0]?.descriptor;
  assert(layer);
  type Waiting = Extract<PullEvent, { kind: "waiting" }>;
  const locks:
    readonly (readonly [string, (store: Store) => Promise<Disposable | AsyncDisposable>, Waiting])[] = [
      ["a sweep", (store) => store.beginSweep(neverAborted()), { kind: "waiting", for: "collector" }],
      ["another writer", async (store) => {
        const ingest = await store.beginIngest(layer, neverAborted());
        assert(ingest);
        return ingest;
      }, { kind: "waiting", for: "writer", digest: layer.digest }],
    ];
  for (const [name, lock, want] of locks) {
    // In this process and in another one: its locks are on other openings of the same files.
    for (const other of [false, true]) {
      await t.step(`${name}, ${other ? "another" : "this"} opening of the store`, async () => {
        await using parts = await fixture();
        parts.remote.push("1", image);
        const locked = await lock(other ? await openStore(parts.root) : parts.store);
        const reported: PullEvent[] = [];
        const waits = Promise.withResolvers<void>();
        const pulling = parts.pull("a.b/c:1", {
          onEvent(event) {
            reported.push(event);
            if (event.kind === "waiting") waits.resolve();
          },
        });
        await waits.promise;
        assertEquals(reported.at(-1), want);
        if (Symbol.dispose in locked) locked[Symbol.dispose]();
        else await locked[Symbol.asyncDispose]();
        await pulling;
        assertEquals(reported.filter(({ kind }) => kind === "waiting").length, 1);
      });
    }
  }
  await using parts = await fixture();
  parts.remote.push("1", image);
  const kinds: string[] = [];
  await parts.pull("a.b/c:1", { onEvent: ({ kind }) => kinds.push(kind) });
  assert(!kinds.includes("waiting"), kinds.join());
});

Deno.test("pullImage() refuses invalid options", async (t) => {
  await using parts = await fixture();
  const { pull } = parts;
  for (const options of [{ jobs: 0 }, { jobs: 1.5 }, { jobs: 1000 }, { ...AMD64, allPlatforms: true }]) {
    await t.step(JSON.stringify(options), async () => {
      const error = await assertRejects(() => pull("a.b/c:1", options), AppError, "Cannot pull");
      assertEquals(error.code, "invalid_argument");
    });
  }
});
