import { assert, assertEquals, assertRejects } from "../../tests/assert.ts";
import { neverAborted } from "../base/concurrency/abort.ts";
import { AppError } from "../base/errors.ts";
import type { LayerMetadata, StagedLayer } from "../content/layer_store.ts";
import { type Digest, makeDigest } from "../oci/digest.ts";
import { openStore, type Store } from "./store.ts";

const chain = (digit: string): Digest => makeDigest("sha256", digit.repeat(64));
const METADATA: LayerMetadata = {
  diffId: chain("d"),
  entries: 3,
  unpackedBytes: 4096,
  skipped: { device: 2 },
  lowerSymlinks: { "usr/lib": "lib64" },
};
const syncTree = () => true;

async function withStore(use: (store: Store, root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "dray-layers-" });
  try {
    await use(await openStore(root), root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

async function stage(store: Store, chainId: Digest): Promise<StagedLayer> {
  const staged = await store.stageLayer(chainId, "wait", neverAborted());
  if (typeof staged === "string") throw new Error(`It is ${staged}`);
  return staged;
}

async function publish(store: Store, chainId: Digest): Promise<void> {
  await using staged = await stage(store, chainId);
  await Deno.writeTextFile(`${staged.path}/file`, chainId);
  await staged.publish(METADATA, syncTree);
}

const names = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();

Deno.test("a layer is ready when it is published, with its metadata", () =>
  withStore(async (store, root) => {
    const a = chain("a");
    assertEquals(await store.findLayer(a), undefined);
    {
      await using staged = await stage(store, a);
      await Deno.writeTextFile(`${staged.path}/file`, "hello");
      assertEquals(await store.findLayer(a), undefined);
      assertEquals(await store.listLayers(), []);
      const published = await staged.publish(METADATA, syncTree);
      const { publishedAt, ...rest } = published;
      assert(Math.abs(Date.now() - publishedAt) < 60_000);
      const want = {
        chainId: a,
        path: `${root}/layers/${"a".repeat(64)}/rootfs`,
        metadata: METADATA,
        tally: { nodes: 1, bytes: 5 },
      };
      assertEquals(rest, want);
      const [found] = await (await openStore(root)).listLayers();
      assert(found);
      assertEquals({ ...found, publishedAt: 0 }, { ...want, publishedAt: 0 });
    }
    assertEquals(await Deno.readTextFile(`${root}/layers/${"a".repeat(64)}/rootfs/file`), "hello");
    assertEquals(Deno.statSync(`${root}/layers/${"a".repeat(64)}/ready.json`).mode, 0o100600);
    assertEquals(await store.stageLayer(a, "wait", neverAborted()), "ready");
    assertEquals(await store.stageLayer(a, "try", neverAborted()), "ready");
  }));

Deno.test("the layer's files are synced before its marker exists, and before its rename", () =>
  withStore(async (store, root) => {
    await using staged = await stage(store, chain("a"));
    const seen: (readonly string[])[] = [];
    await staged.publish(METADATA, (path) => {
      seen.push(names(path), names(`${root}/layers`).filter((name) => !name.startsWith(".")));
      return true;
    });
    assertEquals(seen, [["rootfs"], []]);
  }));

Deno.test("a layer that can't be made durable isn't published and leaves no files", () =>
  withStore(async (store, root) => {
    {
      await using staged = await stage(store, chain("a"));
      const error = await assertRejects(() => staged.publish(METADATA, () => false), AppError);
      assertEquals(error.code, "permission_denied");
    }
    assertEquals(await store.findLayer(chain("a")), undefined);
    assertEquals(names(`${root}/layers`), []);
  }));

Deno.test("a layer that wasn't published leaves no files, and can be staged again", () =>
  withStore(async (store, root) => {
    {
      await using staged = await stage(store, chain("a"));
      await Deno.writeTextFile(`${staged.path}/file`, "half");
    }
    assertEquals(names(`${root}/layers`), []);
    await publish(store, chain("a"));
    assert(await store.findLayer(chain("a")));
  }));

Deno.test("a directory without a marker isn't ready, and is replaced by the layer", () =>
  withStore(async (store, root) => {
    const directory = `${root}/layers/${"a".repeat(64)}`;
    await Deno.mkdir(`${directory}/rootfs`, { recursive: true });
    await Deno.writeTextFile(`${directory}/rootfs/old`, "of an interrupted removal");
    assertEquals(await store.findLayer(chain("a")), undefined);
    assertEquals(await store.listLayers(), []);
    await publish(store, chain("a"));
    assertEquals(names(`${directory}/rootfs`), ["file"]);
  }));

Deno.test("a layer with a damaged marker isn't ready, and is unpacked again", () =>
  withStore(async (store, root) => {
    await publish(store, chain("a"));
    await Deno.writeTextFile(`${root}/layers/${"a".repeat(64)}/ready.json`, "{");
    assertEquals(await store.findLayer(chain("a")), undefined);
    assertEquals(await store.listLayers(), []);
    await publish(store, chain("a"));
    assert(await store.findLayer(chain("a")));
  }));

Deno.test("of two tasks that stage one layer, one unpacks it and the other waits", () =>
  withStore(async (store, root) => {
    const other = await openStore(root);
    for (const second of [store, other]) {
      const chainId = chain(second === store ? "a" : "b");
      let waiting: ReturnType<Store["stageLayer"]>;
      {
        await using staged = await stage(store, chainId);
        assertEquals(await second.stageLayer(chainId, "try", neverAborted()), "busy");
        waiting = second.stageLayer(chainId, "wait", neverAborted());
        await staged.publish(METADATA, syncTree);
      }
      assertEquals(await waiting, "ready");
    }
  }));

Deno.test("a waiting task stages the layer when the first one fails, or stops at its signal", () =>
  withStore(async (store) => {
    const controller = new AbortController();
    let waiting: ReturnType<Store["stageLayer"]>;
    {
      await using _first = await stage(store, chain("a"));
      const cancelled = store.stageLayer(chain("a"), "wait", controller.signal);
      waiting = store.stageLayer(chain("a"), "wait", neverAborted());
      controller.abort(new Error("cancelled by the test"));
      await assertRejects(() => cancelled, Error, "cancelled by the test");
    }
    const second = await waiting;
    assert(typeof second !== "string");
    await second[Symbol.asyncDispose]();
  }));

Deno.test("removeLayer() and deleteLayerRemains() remove nothing else, and leave nothing", () =>
  withStore(async (store, root) => {
    await publish(store, chain("a"));
    await publish(store, chain("b"));
    await Deno.mkdir(`${root}/layers/.staging-${"c".repeat(64)}-dead/rootfs`, { recursive: true });
    await Deno.mkdir(`${root}/layers/${"c".repeat(64)}/rootfs`, { recursive: true });
    await Deno.writeTextFile(`${root}/layers/${"c".repeat(64)}/rootfs/file`, "x".repeat(5000));
    assertEquals((await store.listLayerRemains()).length, 2);
    const deleted = await store.deleteLayerRemains();
    assertEquals(deleted.map(({ chainId }) => chainId), [chain("c"), chain("c")]);
    assert(deleted.reduce((sum, { bytes }) => sum + bytes, 0) >= 5000);
    assertEquals((await store.listLayers()).map(({ chainId }) => chainId).sort(), [chain("a"), chain("b")]);
    assert(await store.removeLayer(chain("a")));
    assertEquals(await store.findLayer(chain("a")), undefined);
    assertEquals((await store.deleteLayerRemains()).map(({ chainId }) => chainId), [chain("a")]);
    assertEquals(names(`${root}/layers`), ["b".repeat(64)]);
    assert(await store.removeLayer(chain("a")));
    assertEquals(names(`${root}/locks`), ["content", "index"]);
  }));

Deno.test("a layer that a task is unpacking is neither removed nor one of the remains", () =>
  withStore(async (store, root) => {
    const other = await openStore(root);
    {
      await using staged = await stage(store, chain("a"));
      await Deno.writeTextFile(`${staged.path}/file`, "half");
      for (const one of [store, other]) {
        assertEquals(await one.removeLayer(chain("a")), false);
        assertEquals(await one.listLayerRemains(), []);
        assertEquals(await one.deleteLayerRemains(), []);
      }
      await staged.publish(METADATA, syncTree);
    }
    assertEquals((await store.listLayers()).length, 1);
  }));

Deno.test("tasks that stage, publish and remove one layer in parallel exclude each other", () =>
  withStore(async (store, root) => {
    const stores = [store, await openStore(root), await openStore(root)];
    let staging = 0;
    await Promise.all(stores.map(async (one, i) => {
      for (let round = 0; round < 10; round++) {
        const staged = await one.stageLayer(chain("a"), "wait", neverAborted());
        if (typeof staged !== "string") {
          assertEquals(++staging, 1, "only one task unpacks a layer");
          await Deno.writeTextFile(`${staged.path}/file`, `${i} ${round}`);
          staging--;
          await staged.publish(METADATA, syncTree);
        }
        await one.removeLayer(chain("a"));
        await one.deleteLayerRemains();
      }
    }));
    assertEquals([names(`${root}/layers`), names(`${root}/locks`)], [[], ["content", "index"]]);
  }));

Deno.test("a store that is opened for reading finds layers but can't stage one", () =>
  withStore(async (store, root) => {
    await publish(store, chain("a"));
    const reader = await openStore(root, { mode: "read" });
    assert(await reader.findLayer(chain("a")));
    const error = await assertRejects(() => reader.stageLayer(chain("b"), "try", neverAborted()), AppError);
    assertEquals(error.code, "permission_denied");
  }));
