import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { sampleOf } from "../../../tests/contract/samples.ts";
import { makeFixture } from "../../../tests/fakes/fixture.ts";
import { buildImage, type TestImage } from "../../../tests/images/mod.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import { openStore, type Store } from "../../store/store.ts";
import { pullImage } from "../pull/pull.ts";
import { verifyStore } from "../verify/verify.ts";
import { expiredNames } from "./expire.ts";
import { removeImages } from "./remove.ts";
import { collectGarbage } from "./sweep.ts";

const SHARED = { size: 40_000, seed: 77 };

/** A store with an image, tag 1, and a registry that has a second one with a shared layer, tag 2. */
async function fixture() {
  const parts = await makeFixture();
  const [one, two] = await Promise.all(
    [1, 2].map((seed) => buildImage({ seed, layers: [SHARED, { size: 1000 * seed }] })),
  );
  assert(one && two);
  parts.remote.push("1", one);
  parts.remote.push("2", two);
  await pullImage(parts.deps, "a.b/c:1");
  return { ...parts, one, two };
}

function digestsOf({ documents, blobs }: TestImage): ReadonlySet<string> {
  return new Set([...documents, ...blobs].map(({ digest }) => digest));
}

async function storedIn(store: Store): Promise<ReadonlySet<string>> {
  return new Set(await Array.fromAsync(store.listBlobs(), ({ digest }) => digest));
}

/** The same store, with an action before each of its sweeps begins. */
function beforeSweeps(store: Store, action: () => Promise<void>): Store {
  const own: Pick<Store, "beginSweep"> = {
    async beginSweep(signal) {
      await action();
      return await store.beginSweep(signal);
    },
  };
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(own, name) ?? Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

Deno.test("a pull keeps what it found stored, though its last record is removed and collected meanwhile", async () => {
  await using parts = await fixture();
  const { deps, root, one, two } = parts;
  const other = await openStore(root);
  let collecting: Promise<unknown> = Promise.resolve();
  await pullImage(deps, "a.b/c:2", {
    onEvent(event) {
      if (event.kind !== "planned") return;
      collecting = removeImages({ store: other }, ["a.b/c:1"]).then(() => collectGarbage({ store: other }));
    },
  });
  await collecting;
  assertEquals((await verifyStore(deps)).faults, []);
  await collectGarbage(deps);
  const stored = await storedIn(other);
  assertEquals(stored, digestsOf(two));
  assert(!stored.has(one.config.digest));
});

Deno.test("a collection keeps an image that was recorded after its mark, and whose pull has ended", async () => {
  await using parts = await fixture();
  const { deps, root, store, one, two } = parts;
  await removeImages(deps, ["a.b/c:1"]);
  assertEquals(await storedIn(store), new Set());
  // All blobs of the second image are garbage while the collection marks.
  await pullImage(deps, "a.b/c:2");
  await store.updateImages(() => [], neverAborted());
  let pulls = 0;
  const watched = beforeSweeps(await openStore(root), async () => {
    if (pulls++ === 0) await pullImage(deps, "a.b/c:2");
  });
  assertEquals((await collectGarbage({ store: watched })).blobs, []);
  assert(pulls > 0);
  assertEquals(await storedIn(store), digestsOf(two));
  assertEquals((await verifyStore(deps)).faults, []);
  assert(!digestsOf(two).has(one.config.digest));
});

Deno.test("a collection keeps what a running pull holds, and deletes it after a failed one", async () => {
  await using parts = await fixture();
  const { deps, store, remote, two } = parts;
  const [shared, own] = two.layers.map(({ descriptor }) => descriptor.digest);
  assert(shared !== undefined && own !== undefined);
  await store.updateImages(() => [], neverAborted());
  remote.failNext(own, { kind: "hang" });
  const controller = new AbortController();
  const held = Promise.withResolvers<void>();
  const pulling = pullImage(deps, "a.b/c:2", {
    signal: controller.signal,
    onEvent: ({ kind }) => kind === "blob" && held.resolve(),
  });
  await held.promise;
  const kept = (await collectGarbage(deps)).blobs.map(({ digest }) => digest);
  assert(kept.length > 0 && !kept.includes(shared), "only what the pull doesn't need is deleted");
  assert((await storedIn(store)).has(shared));
  controller.abort(new Error("enough"));
  await assertRejects(() => pulling, Error, "enough");
  assert((await collectGarbage(deps)).blobs.some(({ digest }) => digest === shared));
  assertEquals(await storedIn(store), new Set());
});

Deno.test("a collection keeps an old partial download that an operation holds and hasn't opened yet", async () => {
  await using parts = await fixture();
  const { deps, store, root } = parts;
  const { bytes, descriptor } = await sampleOf(1000);
  {
    await using ingest = await store.beginIngest(descriptor, neverAborted());
    ingest?.write(bytes.subarray(0, 500));
  }
  {
    using pull = (await openStore(root)).beginHold(neverAborted());
    await pull.add([descriptor.digest]);
    assertEquals((await collectGarbage(deps, { partialAge: -1000 })).partials, []);
  }
  assertEquals((await collectGarbage(deps, { partialAge: -1000 })).partials, [
    { digest: descriptor.digest, size: 500 },
  ]);
});

Deno.test("a collection with a minimum age keeps younger blobs, referenced by no image", async () => {
  await using parts = await fixture();
  const { deps, store, one, blobPath } = parts;
  await store.updateImages(() => [], neverAborted());
  const old = new Date(Date.now() - 60_000);
  await Deno.utime(blobPath(one.config.digest), old, old);
  const swept = await collectGarbage(deps, { minAge: 30_000 });
  assertEquals(swept.blobs.map(({ digest }) => digest), [one.config.digest]);
});

Deno.test("a failed import deletes what it stored, also partials, and nothing else", async () => {
  const { exportArchive } = await import("../archive/export.ts");
  const { importImages } = await import("../archive/import.ts");
  const { tarFiles } = await import("../archive/archive_source.ts");
  await using parts = await fixture();
  await using target = await makeFixture();
  const { deps, one } = parts;
  for (const format of ["oci-archive", "docker-archive"] as const) {
    const chunks: Uint8Array[] = [];
    const sink = { write: (bytes: Uint8Array) => Promise.resolve(void chunks.push(bytes.slice())) };
    await exportArchive(parts.store, ["a.b/c:1"], format, sink, neverAborted());
    const bytes = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
    for (const length of [bytes.length - 3000, Math.floor(bytes.length / 2), 9000]) {
      let offset = 0;
      const reader = {
        read(buffer: Uint8Array) {
          if (offset >= length) return Promise.reject(new AppError("no_space", "The disk is full"));
          const piece = bytes.subarray(offset, Math.min(length, offset + buffer.length));
          buffer.set(piece);
          offset += piece.length;
          return Promise.resolve(piece.length);
        },
      };
      await assertRejects(
        () => importImages(target.store, tarFiles(reader, neverAborted()), {}, neverAborted()),
        AppError,
        "The disk is full",
      );
      assertEquals(await storedIn(target.store), new Set());
      assertEquals(await Array.fromAsync(target.store.listIngests()), []);
    }
  }
  assertEquals((await storedIn(parts.store)).size, digestsOf(one).size);
  assertEquals((await verifyStore(deps)).faults, []);
});

Deno.test("expiredNames() treats the names of one digest in one repository as one image", async () => {
  await using parts = await fixture();
  const [byTag, byDigest] = await parts.store.listImages();
  assert(byTag && byDigest);
  const day = 24 * 60 * 60 * 1000;
  const aged = [{ ...byTag, pulledAt: Date.now() }, { ...byDigest, pulledAt: Date.now() - 50 * day }];
  assertEquals(expiredNames(aged, { unusedFor: 30 * day }), new Set());
  assertEquals(expiredNames(aged, { keep: 1 }), new Set());
  assertEquals(expiredNames(aged, { keep: 0 }), new Set(aged.map(({ name }) => name)));
  assertEquals(expiredNames(aged, { keep: 0, isPinned: (name) => name === byTag.name }), new Set());
  assertEquals(expiredNames(aged, {}), new Set());
});
