import { assert, assertEquals, assertRejects } from "../../tests/assert.ts";
import { neverAborted } from "../base/abort.ts";
import { AppError } from "../base/errors.ts";
import type { LayerMetadata, StagedLayer } from "../content/layer_store.ts";
import { type Digest, makeDigest } from "../oci/digest.ts";
import { openStore, type Store } from "./store.ts";

const chain = (digit: string): Digest => makeDigest("sha256", digit.repeat(64));
const FACTS: LayerMetadata = { diffId: chain("d"), entries: 3, unpackedBytes: 4096, leftOut: { device: 2 } };
const synced = () => true;

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
  await staged.publish(FACTS, synced);
}

const names = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();

Deno.test("a layer is ready when it was published, with what was written down of it", () =>
  withStore(async (store, root) => {
    const a = chain("a");
    assertEquals(await store.findLayer(a), undefined);
    {
      await using staged = await stage(store, a);
      await Deno.writeTextFile(`${staged.path}/file`, "hello");
      assertEquals(await store.findLayer(a), undefined);
      assertEquals(await store.listLayers(), []);
      const made = await staged.publish(FACTS, synced);
      assertEquals(made, { chainId: a, path: `${root}/layers/${"a".repeat(64)}/rootfs`, facts: FACTS });
    }
    assertEquals(await (await openStore(root)).listLayers(), [
      { chainId: a, path: `${root}/layers/${"a".repeat(64)}/rootfs`, facts: FACTS },
    ]);
    assertEquals(await Deno.readTextFile(`${root}/layers/${"a".repeat(64)}/rootfs/file`), "hello");
    assertEquals(await store.stageLayer(a, "wait", neverAborted()), "ready");
    assertEquals(await store.stageLayer(a, "try", neverAborted()), "ready");
  }));

Deno.test("the layer's files are made durable before its marker, and the marker before its name", () =>
  withStore(async (store, root) => {
    await using staged = await stage(store, chain("a"));
    const seen: (readonly string[])[] = [];
    await staged.publish(FACTS, (path) => {
      seen.push(names(path), names(`${root}/layers`).filter((name) => !name.startsWith(".")));
      return true;
    });
    assertEquals(seen, [["rootfs"], []]);
  }));

Deno.test("a layer that can't be made durable is not ready, and leaves nothing", () =>
  withStore(async (store, root) => {
    {
      await using staged = await stage(store, chain("a"));
      const error = await assertRejects(() => staged.publish(FACTS, () => false), AppError);
      assertEquals(error.code, "permission_denied");
    }
    assertEquals(await store.findLayer(chain("a")), undefined);
    assertEquals(names(`${root}/layers`), []);
  }));

Deno.test("a layer that was not published leaves nothing, and the next one may begin", () =>
  withStore(async (store, root) => {
    {
      await using staged = await stage(store, chain("a"));
      await Deno.writeTextFile(`${staged.path}/file`, "half");
    }
    assertEquals(names(`${root}/layers`), []);
    await publish(store, chain("a"));
    assert(await store.findLayer(chain("a")));
  }));

Deno.test("a directory with a layer's name and no marker is not ready, and gives way to the layer", () =>
  withStore(async (store, root) => {
    const directory = `${root}/layers/${"a".repeat(64)}`;
    await Deno.mkdir(`${directory}/rootfs`, { recursive: true });
    await Deno.writeTextFile(`${directory}/rootfs/old`, "of a removal that was killed");
    assertEquals(await store.findLayer(chain("a")), undefined);
    assertEquals(await store.listLayers(), []);
    await publish(store, chain("a"));
    assertEquals(names(`${directory}/rootfs`), ["file"]);
  }));

Deno.test("a layer whose marker is damaged is not ready, and is made again", () =>
  withStore(async (store, root) => {
    await publish(store, chain("a"));
    await Deno.writeTextFile(`${root}/layers/${"a".repeat(64)}/ready.json`, "{");
    assertEquals(await store.findLayer(chain("a")), undefined);
    assertEquals(await store.listLayers(), []);
    await publish(store, chain("a"));
    assert(await store.findLayer(chain("a")));
  }));

Deno.test("two tasks that stage one layer: one unpacks, the other waits and finds it ready", () =>
  withStore(async (store, root) => {
    const other = await openStore(root);
    for (const second of [store, other]) {
      const chainId = chain(second === store ? "a" : "b");
      let waiting: ReturnType<Store["stageLayer"]>;
      {
        await using staged = await stage(store, chainId);
        assertEquals(await second.stageLayer(chainId, "try", neverAborted()), "busy");
        waiting = second.stageLayer(chainId, "wait", neverAborted());
        await staged.publish(FACTS, synced);
      }
      assertEquals(await waiting, "ready");
    }
  }));

Deno.test("who waits for a layer takes over when the first one fails, or gives up", () =>
  withStore(async (store) => {
    const controller = new AbortController();
    let takes: ReturnType<Store["stageLayer"]>;
    {
      await using _first = await stage(store, chain("a"));
      const givesUp = store.stageLayer(chain("a"), "wait", controller.signal);
      takes = store.stageLayer(chain("a"), "wait", neverAborted());
      controller.abort(new Error("enough"));
      await assertRejects(() => givesUp, Error, "enough");
    }
    const second = await takes;
    assert(typeof second !== "string");
    await second[Symbol.asyncDispose]();
  }));

Deno.test("removeLayer() and removeStagedLayers() remove what they say and nothing else", () =>
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

Deno.test("a store that was opened for reading finds layers and stages none", () =>
  withStore(async (store, root) => {
    await publish(store, chain("a"));
    const reader = await openStore(root, { mode: "read" });
    assert(await reader.findLayer(chain("a")));
    const error = await assertRejects(() => reader.stageLayer(chain("b"), "try", neverAborted()), AppError);
    assertEquals(error.code, "permission_denied");
  }));
