/**
 * A process that unpacks an image of a store and kills itself meanwhile.
 *
 * - `layers ROOT IMAGE POINT:NTH`: unpacks the layers for overlayfs.
 * - `tree ROOT IMAGE POINT:NTH DIRECTORY`: unpacks to a directory.
 *
 * It kills itself at the NTH time that POINT is reached: `read` (bytes of a layer's blob were read),
 * `publish` (a layer is about to be made durable), `sync` (it is about to get its marker), `published` (it is
 * ready), `none` (never).
 *
 * @module
 */
import { neverAborted } from "../../src/base/concurrency/abort.ts";
import type { OpenBlob } from "../../src/content/store.ts";
import type { StagedLayer } from "../../src/content/layer_store.ts";
import { unpackImage } from "../../src/image/unpack/unpack.ts";
import { unpackLayers } from "../../src/image/unpack/unpack_layers.ts";
import { openStore, type Store } from "../../src/store/store.ts";

const [mode, root = "", image = "", plan = "none:0", directory = ""] = Deno.args;
const [at, nth] = plan.split(":");
let left = Number(nth);

function reach(point: "read" | "publish" | "sync" | "published"): void {
  if (point === at && --left === 0) Deno.kill(Deno.pid, "SIGKILL");
}

/** Wraps a store to reach the points. */
function watched(store: Store): Store {
  const own: Partial<Pick<Store, "openBlob" | "stageLayer">> = {
    async openBlob(digest) {
      const blob = await store.openBlob(digest);
      const slow: OpenBlob = {
        size: blob.size,
        async read(buffer) {
          // A few bytes at a time, so that a layer takes many reads.
          const n = await blob.read(buffer.subarray(0, 512));
          reach("read");
          return n;
        },
        [Symbol.dispose]: () => blob[Symbol.dispose](),
      };
      return slow;
    },
    async stageLayer(chainId, how, signal) {
      const staged = await store.stageLayer(chainId, how, signal);
      return typeof staged === "string" ? staged : watchedLayer(staged);
    },
  };
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(own, name) ?? Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function watchedLayer(staged: StagedLayer): StagedLayer {
  return {
    chainId: staged.chainId,
    path: staged.path,
    async publish(metadata, syncTree) {
      reach("publish");
      const layer = await staged.publish(metadata, async (path) => {
        const synced = await syncTree(path);
        reach("sync");
        return synced;
      });
      reach("published");
      return layer;
    },
    [Symbol.asyncDispose]: () => staged[Symbol.asyncDispose](),
  };
}

const store = watched(await openStore(root));
if (mode === "layers") await unpackLayers({ store }, image, neverAborted());
else await unpackImage({ store }, image, directory, {}, neverAborted());
