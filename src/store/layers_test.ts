import { assert, assertEquals, assertRejects } from "../../tests/assert.ts";
import { neverAborted } from "../base/abort.ts";
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
      assertEquals(published, {
        chainId: a,
        path: `${root}/layers/${"a".repeat(64)}/rootfs`,
        metadata: METADATA,
      });
    }
    assertEquals(await (await openStore(root)).listLayers(), [
      { chainId: a, path: `${root}/layers/${"a".repeat(64)}/rootfs`, metadata: METADATA },
    ]);
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

Deno.test("removeLayer() and removeStagedLayers() remove nothing else", () =>
  withStore(async (store, root) => {
    await publish(store, chain("a"));
    await publish(store, chain("b"));
    await Deno.mkdir(`${root}/layers/.staging-${"c".repeat(64)}-dead/rootfs`, { recursive: true });
    await Deno.mkdir(`${root}/layers/${"c".repeat(64)}/rootfs`, { recursive: true });
    assertEquals(await store.removeStagedLayers(), 2);
    assertEquals((await store.listLayers()).map(({ chainId }) => chainId).sort(), [chain("a"), chain("b")]);
    await store.removeLayer(chain("a"));
    assertEquals(names(`${root}/layers`), ["b".repeat(64)]);
    await store.removeLayer(chain("a"));
  }));

Deno.test("a store that is opened for reading finds layers but can't stage one", () =>
  withStore(async (store, root) => {
    await publish(store, chain("a"));
    const reader = await openStore(root, { mode: "read" });
    assert(await reader.findLayer(chain("a")));
    const error = await assertRejects(() => reader.stageLayer(chain("b"), "try", neverAborted()), AppError);
    assertEquals(error.code, "permission_denied");
  }));
