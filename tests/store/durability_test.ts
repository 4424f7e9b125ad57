import { neverAborted } from "../../src/base/concurrency/abort.ts";
import { MIB } from "../../src/base/bytes.ts";
import { openTempFile, writeFileAtomically } from "../../src/base/system/files.ts";
import type { LayerMetadata, StagedLayer } from "../../src/content/layer_store.ts";
import { hexOf, makeDigest } from "../../src/oci/digest.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { assert, assertEquals, assertExists } from "../assert.ts";
import { assertFails, begin } from "../contract/content_store_suite.ts";
import { recordOf } from "../contract/records.ts";
import { type Sample, sampleOf } from "../contract/samples.ts";
import { diskFailure, DiskLog } from "./disk_calls.ts";
import { fillDiskOnce } from "./full_disk.ts";

const signal = neverAborted();
const CHAIN = makeDigest("sha256", "a".repeat(64));

async function withRoot(run: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "dray-durability-" });
  try {
    await run(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const withStore = (run: (store: Store) => Promise<void>) =>
  withRoot(async (root) => await run(await openStore(root)));

/** Fails the first call that matches. */
function failOnce(call: string): (line: string) => Error | undefined {
  let isDone = false;
  return (line) => {
    if (isDone || line !== call) return undefined;
    isDone = true;
    return diskFailure();
  };
}

async function add(store: Store, { bytes, descriptor }: Sample, log: DiskLog): Promise<void> {
  await using ingest = await begin(store, descriptor);
  ingest.write(bytes);
  await ingest.commit();
  log.lines.push("committed");
}

const setImages = (store: Store, ...names: readonly string[]) =>
  store.updateImages(() => names.map((name) => recordOf(name)), signal);

async function stage(store: Store): Promise<StagedLayer> {
  const staged = await store.stageLayer(CHAIN, "wait", signal);
  assert(typeof staged !== "string");
  return staged;
}

const METADATA: LayerMetadata = {
  diffId: CHAIN,
  entries: 1,
  unpackedBytes: 1,
  skipped: {},
  lowerSymlinks: {},
};

Deno.test("a blob is written, synced, renamed and its directory synced, in this order", async (t) => {
  for (const [size, directory, data] of [[1000, "", ".small"], [3 * MIB, "/data", "/data"]] as const) {
    await t.step(`${size} bytes`, () =>
      withStore(async (store) => {
        const sample = await sampleOf(size);
        const hex = hexOf(sample.descriptor.digest);
        const ingest = `ingest/sha256-${hex}`;
        using log = new DiskLog(store.root);
        await add(store, sample, log);
        assertEquals(log.lines, [
          ...directory === "" ? [] : [`write ${ingest}/state.json`],
          `write ${ingest}${data}`,
          `sync ${ingest}${data}`,
          `rename ${ingest}${data} -> blobs/sha256/${hex}`,
          "sync blobs/sha256",
          ...directory === "" ? [] : [`remove ${ingest}/state.json`, `remove ${ingest}`],
          "committed",
        ]);
      }));
  }
});

Deno.test("the first blob of an algorithm makes its directory durable before it is renamed into it", async () => {
  await withStore(async (store) => {
    const sample = await sampleOf(1000, 1, "sha512");
    const hex = hexOf(sample.descriptor.digest);
    using log = new DiskLog(store.root);
    await add(store, sample, log);
    assertEquals(log.lines.slice(-5), [
      `sync ingest/sha512-${hex}.small`,
      "sync blobs",
      `rename ingest/sha512-${hex}.small -> blobs/sha512/${hex}`,
      "sync blobs/sha512",
      "committed",
    ]);
  });
});

Deno.test("a blob whose digest isn't known in advance is committed in the same order", async () => {
  await withStore(async (store) => {
    const { bytes, descriptor } = await sampleOf(1000);
    const hex = hexOf(descriptor.digest);
    using log = new DiskLog(store.root);
    await using ingest = await store.beginAnonymous();
    ingest.write(bytes);
    await ingest.commit();
    log.lines.push("committed");
    const lines = log.lines.map((line) => line.replaceAll(/sha256-[0-9a-f]{64}/g, "sha256-*"));
    assertEquals(lines.slice(0, 4), [
      "write ingest/sha256-*/data",
      "sync ingest/sha256-*/data",
      `rename ingest/sha256-*/data -> blobs/sha256/${hex}`,
      "sync blobs/sha256",
    ]);
    assertEquals(lines.at(-1), "committed");
  });
});

Deno.test("after a failed sync an ingest restarts instead of syncing the same bytes again", async (t) => {
  for (const [size, data] of [[1000, ".small"], [3 * MIB, "/data"]] as const) {
    await t.step(`${size} bytes`, () =>
      withStore(async (store) => {
        const { bytes, descriptor } = await sampleOf(size);
        const file = `ingest/sha256-${hexOf(descriptor.digest)}${data}`;
        using log = new DiskLog(store.root, failOnce(`sync ${file}`));
        await using ingest = await begin(store, descriptor);
        ingest.write(bytes);
        await assertFails(ingest.commit(), "store_corrupt");
        assertEquals(ingest.offset, 0, "the bytes are written once more");
        await assertFails(ingest.commit(), "size_mismatch");
        assertEquals(await store.findBlob(descriptor.digest), undefined);
        ingest.write(bytes);
        await ingest.commit();
        const calls = log.lines.filter((line) => line.includes(file));
        assertEquals(calls.slice(0, 4), [
          `write ${file}`,
          `sync ${file}: failed`,
          `truncate ${file}`,
          `sync ${file}`,
        ]);
        assertEquals(calls.slice(-2, -1), [`sync ${file}`]);
        assertEquals(await store.readBlob(descriptor.digest, size), bytes);
      }));
  }
});

Deno.test("a failed sync while a long blob is written fails its commit, although a later sync succeeds", async () => {
  await withStore(async (store) => {
    const { bytes, descriptor } = await sampleOf(33 * MIB);
    const file = `ingest/sha256-${hexOf(descriptor.digest)}/data`;
    using log = new DiskLog(store.root, failOnce(`sync ${file}`));
    await using ingest = await begin(store, descriptor);
    ingest.write(bytes.subarray(0, 32 * MIB));
    assert(log.lines.includes(`sync ${file}: failed`), "the first sync comes before the commit");
    ingest.write(bytes.subarray(32 * MIB));
    await assertFails(ingest.commit(), "store_corrupt");
    assertEquals(ingest.offset, 0);
    assertEquals(await store.findBlob(descriptor.digest), undefined);
  });
});

Deno.test("the index is written, synced, renamed and its directory synced, in this order", async () => {
  await withStore(async (store) => {
    await setImages(store, "docker.io/library/a:1");
    using log = new DiskLog(store.root);
    await setImages(store, "docker.io/library/a:1", "docker.io/library/b:1");
    log.lines.push("updated");
    assertEquals(log.lines, [
      "write index.json.new",
      "truncate index.json.new",
      "sync index.json.new",
      "rename index.json.new -> index.json",
      "sync .",
      "updated",
    ]);
  });
});

Deno.test("an index written into the reserved space is synced in the same order", async () => {
  await withStore(async (store) => {
    await setImages(store, "docker.io/library/a:1", "docker.io/library/b:1");
    using _full = fillDiskOnce(`${store.root}/index.json.new`);
    using log = new DiskLog(store.root);
    await setImages(store, "docker.io/library/a:1");
    assertEquals(log.lines.slice(0, 5), [
      "remove index.json.new",
      "write locks/index.spare",
      "truncate locks/index.spare",
      "sync locks/index.spare",
      "rename locks/index.spare -> index.json",
    ]);
    assertEquals(log.lines.at(-1), "sync .");
  });
});

Deno.test("an index whose sync fails isn't used, and the next update writes a new file", async () => {
  await withStore(async (store) => {
    const before = await setImages(store, "docker.io/library/a:1");
    using log = new DiskLog(store.root, failOnce("sync index.json.new"));
    await assertFails(setImages(store, "docker.io/library/b:1"), "store_corrupt");
    assertEquals(await store.listImages(), before);
    await setImages(store, "docker.io/library/b:1");
    assertEquals(log.lines, [
      "write index.json.new",
      "truncate index.json.new",
      "sync index.json.new: failed",
      "remove index.json.new",
      "write index.json.new",
      "truncate index.json.new",
      "sync index.json.new",
      "rename index.json.new -> index.json",
      "sync .",
    ]);
  });
});

Deno.test("a new store makes its layout durable before its index", async () => {
  await withRoot(async (parent) => {
    const root = `${parent}/store`;
    using log = new DiskLog(root);
    await openStore(root);
    const index = log.lines.indexOf("write index.json.new");
    const layout = log.lines.slice(0, index);
    assertEquals(layout.slice(0, 3), [
      "write .oci-layout-*",
      "sync .oci-layout-*",
      "rename .oci-layout-* -> oci-layout",
    ]);
    assertEquals(layout.slice(3).sort(), ["sync .", `sync ${parent}`, "sync blobs"]);
    assertEquals(log.lines.slice(-3), [
      "sync index.json.new",
      "rename index.json.new -> index.json",
      "sync .",
    ]);
  });
});

Deno.test("an unpacked layer's tree, marker and directory are synced before its rename, and its parent after", async () => {
  await withStore(async (store) => {
    const staging = `layers/.staging-${hexOf(CHAIN)}-*`;
    const final = `layers/${hexOf(CHAIN)}`;
    using log = new DiskLog(store.root);
    await using staged = await stage(store);
    await staged.publish(METADATA, () => {
      log.lines.push("sync tree");
      return true;
    });
    log.lines.push("published");
    assertEquals(log.lines, [
      "sync tree",
      `write ${staging}/ready.json`,
      `sync ${staging}/ready.json`,
      `sync ${staging}`,
      `rename ${staging} -> ${final}`,
      "sync layers",
      `remove locks/layer-${hexOf(CHAIN)}`,
      "published",
    ]);
  });
});

Deno.test("a layer whose sync fails isn't published, and is unpacked once more", async (t) => {
  const staging = `layers/.staging-${hexOf(CHAIN)}-*`;
  for (const call of [`sync ${staging}/ready.json`, `sync ${staging}`]) {
    await t.step(call, () =>
      withStore(async (store) => {
        using log = new DiskLog(store.root, failOnce(call));
        {
          await using staged = await stage(store);
          await assertFails(staged.publish(METADATA, () => true), "store_corrupt");
        }
        assertEquals(log.lines.filter((line) => line.startsWith("rename")), []);
        assertEquals([...Deno.readDirSync(`${store.root}/layers`)], []);
        await using again = await stage(store);
        await again.publish(METADATA, () => true);
        assertExists(await store.findLayer(CHAIN));
      }));
  }
});

Deno.test("a removed layer is renamed durably before its files are deleted", async () => {
  await withStore(async (store) => {
    {
      await using staged = await stage(store);
      await staged.publish(METADATA, () => true);
    }
    const final = `layers/${hexOf(CHAIN)}`;
    using log = new DiskLog(store.root);
    await store.removeLayer(CHAIN);
    await store.deleteLayerRemains();
    const staging = `layers/.staging-${hexOf(CHAIN)}-*`;
    const changes = log.lines.filter((line) => !line.includes("locks/"));
    assertEquals(changes, [`rename ${final} -> ${staging}`, "sync layers", `remove ${staging}`]);
  });
});

Deno.test("writeFileAtomically() and openTempFile() sync a file before its rename, and its directory after", async () => {
  await withRoot(async (root) => {
    const bytes = new Uint8Array(10);
    using log = new DiskLog(root);
    await writeFileAtomically(`${root}/a`, bytes, 0o600);
    {
      await using file = await openTempFile(`${root}/b`);
      await file.write(bytes);
      await file.commit();
    }
    assertEquals(
      log.lines,
      ["a", "b"].flatMap((name) => [
        `write ${name}.*.tmp`,
        `sync ${name}.*.tmp`,
        `rename ${name}.*.tmp -> ${name}`,
        "sync .",
      ]),
    );
  });
});
