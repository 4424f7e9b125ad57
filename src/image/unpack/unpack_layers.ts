/**
 * Unpacks the layers of an image into directories for overlayfs. Images that have the same layer above the
 * same lower layers share its directory.
 *
 * A layer can be unpacked as soon as its blob is stored; only its implicit parents need the lower layers
 * (`unpack/apply/implicit_parents.ts`). Therefore layers are unpacked in parallel and published from the
 * bottom to the top.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { mapBounded } from "../../base/concurrency/limiter.ts";
import { NO_WORKERS } from "../../base/concurrency/worker.ts";
import type { LayerMetadata, LayerStore, StagedLayer, UnpackedLayer } from "../../content/layer_store.ts";
import type { Digest } from "../../oci/digest.ts";
import { chainIdsOf } from "../../oci/image_config.ts";
import type { LayerDecoder } from "../../unpack/decode/decode.ts";
import { formatSkipped } from "../../unpack/apply/skipped.ts";
import { createImplicitParents } from "../../unpack/apply/implicit_parents.ts";
import { FilesystemSync, withPeriodicSync } from "../../unpack/apply/sync.ts";
import { ThreadDecoder } from "../../unpack/decode/thread_decoder.ts";
import { type OpenLayer, type OverlayReport, unpackOverlayLayer } from "../../unpack/unpack.ts";
import type { ImageStorage, UnpackDeps } from "../model/deps.ts";
import { holdingStore } from "../model/held_store.ts";
import { findLayered, findUnpackable, layersOf } from "../model/layers.ts";

/** Layers that are unpacked in parallel: one is decompressed while the files of another are created. */
export const PARALLEL_LAYERS = 2;

/**
 * Unpacks those layers of an image that are not yet unpacked.
 *
 * @returns all layers from the bottom to the top
 * @throws AppError `not_found`, `unsupported`; `permission_denied` without root and `--allow-ffi`; the errors
 * of an invalid layer; `no_space`
 */
export async function unpackLayers(
  { store: whole, startWorker = NO_WORKERS }: UnpackDeps,
  image: string,
  signal: AbortSignal,
): Promise<readonly UnpackedLayer[]> {
  using store = holdingStore(whole, signal);
  const found = await findUnpackable(store, image, signal);
  using decoder = new ThreadDecoder(startWorker);
  const unpacking = await beginLayers({ store, decoder }, found.config.diffIds, layersOf(store, found));
  await using _unpacking = unpacking;
  // Largest first, so that a large layer doesn't start last.
  const bySize = [...found.document.layers.entries()].sort(([, a], [, b]) => b.size - a.size);
  await mapBounded(
    bySize,
    PARALLEL_LAYERS,
    ([position], jobSignal) => unpacking.unpack(position, jobSignal),
    signal,
  );
  return await unpacking.publish(signal);
}

/**
 * Returns the directories of an image's layers, from the bottom to the top.
 *
 * @throws AppError `not_found` if the image is missing or one of its layers is not unpacked
 */
export async function layerPaths(store: ImageStorage, image: string): Promise<readonly string[]> {
  const { config } = await findLayered(store, image);
  const paths: string[] = [];
  for (const chainId of await chainIdsOf(config.diffIds)) {
    const layer = await store.findLayer(chainId);
    if (layer === undefined) {
      throw new AppError(
        "not_found",
        `Cannot find the layers of "${image}": layer "${chainId}" is not unpacked; run "dray mount-options --unpack"`,
      );
    }
    paths.push(layer.path);
  }
  return paths;
}

/** Layers of one image that are being unpacked. Dispose it on every path: that removes unpublished layers. */
export interface LayerUnpacking extends AsyncDisposable {
  /**
   * Unpacks one layer, whose blob must be in the store. Does nothing if the layer is ready, has been started,
   * or is being unpacked by another task: `publish` completes it.
   */
  unpack(position: number, signal: AbortSignal): Promise<void>;
  /** Publishes all layers, from the bottom to the top. */
  publish(signal: AbortSignal): Promise<readonly UnpackedLayer[]>;
}

interface Unpacked {
  readonly staged: StagedLayer;
  report: OverlayReport;
}

/**
 * Prepares to unpack the layers of an image. Deletes what killed processes left, and unpublishes the damaged layers of
 * the image, so that they are unpacked again.
 *
 * @param openers open the layers, from the bottom to the top
 */
export async function beginLayers(
  { store, decoder }: { readonly store: ImageStorage; readonly decoder: LayerDecoder },
  diffIds: readonly Digest[],
  openers: readonly OpenLayer[],
): Promise<LayerUnpacking> {
  const chainIds = await chainIdsOf(diffIds);
  for (const chainId of new Set(chainIds)) {
    const layer = await store.findLayer(chainId);
    if (layer !== undefined && await tallyFaultOf(store, layer) !== undefined) {
      await store.removeLayer(chainId);
    }
  }
  await store.deleteLayerRemains();
  const running = new Map<number, Promise<Unpacked | "ready" | "busy">>();
  let sync: FilesystemSync | undefined;
  const openSync = (path: string) => sync ??= FilesystemSync.open(path);
  const unpackerOf = (position: number): UnpackStaged => async (staged, lowerSymlinks, signal) => {
    using source = await (openers[position] as OpenLayer)(signal);
    const sync = openSync(staged.path);
    const syncing = sync === undefined ? decoder : withPeriodicSync(decoder, sync);
    const report = await unpackOverlayLayer(
      staged.path,
      source,
      { lowerSymlinks, decoder: syncing },
      signal,
    );
    sync?.begin();
    return report;
  };
  async function begin(
    position: number,
    how: "wait" | "try",
    signal: AbortSignal,
  ): Promise<Unpacked | "ready" | "busy"> {
    const staged = await store.stageLayer(chainIds[position] as Digest, how, signal);
    if (typeof staged === "string") return staged;
    try {
      return { staged, report: await unpackerOf(position)(staged, new Map(), signal) };
    } catch (error) {
      await staged[Symbol.asyncDispose]();
      throw error;
    }
  }
  function start(
    position: number,
    how: "wait" | "try",
    signal: AbortSignal,
  ): Promise<Unpacked | "ready" | "busy"> {
    const starting = begin(position, how, signal);
    running.set(position, starting);
    return starting;
  }
  /**
   * Waits for a layer. Other processes are waited for only here, where all lower layers are ready: see
   * `stageLayer`.
   */
  async function complete(position: number, signal: AbortSignal): Promise<Unpacked | "ready" | "busy"> {
    const result = await running.get(position);
    return result === undefined || result === "busy" ? await start(position, "wait", signal) : result;
  }
  return {
    unpack: async (position, signal) => {
      if (!running.has(position)) await start(position, "try", signal);
    },
    async publish(signal) {
      const ready: UnpackedLayer[] = [];
      for (const [position, chainId] of chainIds.entries()) {
        const layer = await complete(position, signal);
        const lowers = ready.map(({ path }) => path).reverse();
        const published = typeof layer === "string" ? await store.findLayer(chainId) : await publishLayer(
          layer,
          { unpack: unpackerOf(position), sync: () => openSync(layer.staged.path) },
          diffIds[position] as Digest,
          lowers,
          signal,
        );
        if (published === undefined) {
          throw new AppError("busy", `Cannot unpack layer "${chainId}": removed by another process; retry`);
        }
        ready.push(published);
      }
      return ready;
    },
    async [Symbol.asyncDispose]() {
      for (const layer of await Promise.allSettled(running.values())) {
        if (layer.status === "rejected" || typeof layer.value === "string") continue;
        await layer.value.staged[Symbol.asyncDispose]();
      }
      await sync?.[Symbol.asyncDispose]();
    },
  };
}

/** Unpacks one layer into its empty directory. */
type UnpackStaged = (
  staged: StagedLayer,
  lowerSymlinks: ReadonlyMap<string, string>,
  signal: AbortSignal,
) => Promise<OverlayReport>;

/**
 * Completes the implicit parents of a layer and publishes it. If its entries pass through symlinks of lower
 * layers, unpacks the layer again, so that these entries end up where the symlinks point.
 */
async function publishLayer(
  layer: Unpacked,
  { unpack, sync }: { readonly unpack: UnpackStaged; readonly sync: () => FilesystemSync | undefined },
  diffId: Digest,
  lowers: readonly string[],
  signal: AbortSignal,
): Promise<UnpackedLayer> {
  const { staged } = layer;
  const lowerSymlinks = new Map<string, string>();
  for (;;) {
    const found = await createImplicitParents(staged.path, layer.report.implicitParents, lowers);
    if (found.size === 0) break;
    for (const [path, target] of found) lowerSymlinks.set(path, target);
    await clear(staged.path);
    layer.report = await unpack(staged, lowerSymlinks, signal);
  }
  mustHaveOwners(staged.chainId, layer.report);
  return await staged.publish(metadataOf(layer.report, diffId, lowerSymlinks), async () => {
    const filesystem = sync();
    await filesystem?.finish();
    return filesystem !== undefined;
  });
}

/**
 * All images share a layer's directory, also when root unpacks them later, so a layer without its owners is
 * an error.
 */
function mustHaveOwners(chainId: Digest, { skipped }: OverlayReport): void {
  const owners = skipped.find(({ kind }) => kind === "owner");
  if (owners === undefined) return;
  throw new AppError(
    "permission_denied",
    `Cannot unpack layer "${chainId}" for overlayfs: ${
      formatSkipped(owners)
    }; run as root, or use "dray unpack"`,
    { details: { count: owners.count, examples: owners.examples } },
  );
}

/** Describes the entries and attributes that a layer lacks; undefined if it is complete. */
export function missingLayersText({ chainId, metadata }: UnpackedLayer): string | undefined {
  const kinds = Object.entries(metadata.skipped);
  if (kinds.length === 0) return undefined;
  return `Layer "${chainId}" is incomplete: ${
    kinds.map(([kind, count]) => formatSkipped({ kind, count })).join(", ")
  }`;
}

/** Describes how the number or the sizes of a layer's files differ from those that it was published with. */
export async function tallyFaultOf(store: LayerStore, layer: UnpackedLayer): Promise<string | undefined> {
  if (layer.tally === undefined) return undefined;
  const { nodes, bytes } = await store.tallyLayer(layer);
  const { tally } = layer;
  if (nodes !== tally.nodes) return `it has ${nodes} files and directories instead of ${tally.nodes}`;
  return bytes === tally.bytes ? undefined : `its files have ${bytes} bytes instead of ${tally.bytes}`;
}

function metadataOf(
  { entries, unpackedBytes, skipped }: OverlayReport,
  diffId: Digest,
  lowerSymlinks: ReadonlyMap<string, string>,
): LayerMetadata {
  return {
    diffId,
    entries,
    unpackedBytes,
    skipped: Object.fromEntries(skipped.map(({ kind, count }) => [kind, count])),
    lowerSymlinks: Object.fromEntries(lowerSymlinks),
  };
}

async function clear(directory: string): Promise<void> {
  for await (const { name } of Deno.readDir(directory)) {
    await Deno.remove(`${directory}/${name}`, { recursive: true });
  }
}
