/**
 * An image's layers as directories for overlayfs, each one once, shared by all images that have it above the same
 * layers.
 *
 * A layer can be unpacked as soon as its blob is there, whatever the others do; only its implied directories need the
 * layers below (`unpack/implied.ts`). So layers are unpacked side by side and published from the bottom to the top.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { mapBounded } from "../../base/limiter.ts";
import { NO_WORKERS } from "../../base/worker.ts";
import type { LayerMetadata, StagedLayer, UnpackedLayer } from "../../content/layer_store.ts";
import type { Digest } from "../../oci/digest.ts";
import { chainIdsOf } from "../../oci/image_config.ts";
import type { LayerDecoder } from "../../unpack/decode/decode.ts";
import { createImplicitParents } from "../../unpack/apply/implicit_parents.ts";
import { FilesystemSync, withPeriodicSync } from "../../unpack/apply/sync.ts";
import { ThreadDecoder } from "../../unpack/decode/thread_decoder.ts";
import { type OpenLayer, type OverlayReport, unpackOverlayLayer } from "../../unpack/unpack.ts";
import type { ImageStorage, UnpackDeps } from "../model/deps.ts";
import { findLayered, layersOf } from "../model/layers.ts";

/** Layers unpacked at once: one is decompressed while the files of the other are made. */
export const PARALLEL_LAYERS = 2;

/** Which extended attributes mark hidden directories: those of root. */
const XATTRS = "trusted";

/**
 * Unpacks what is not unpacked yet of an image.
 *
 * @returns the layers from the bottom to the top
 * @throws AppError `not_found`, `unsupported`; `permission_denied` without root and `--allow-ffi`; what a wrong layer
 * throws; `no_space`
 */
export async function unpackLayers(
  { store, startWorker = NO_WORKERS }: UnpackDeps,
  image: string,
  signal: AbortSignal,
): Promise<readonly UnpackedLayer[]> {
  using _held = await store.holdContent(signal);
  const found = await findLayered(store, image);
  using decoder = new ThreadDecoder(startWorker);
  const unpacking = await beginLayers({ store, decoder }, found.config.diffIds, layersOf(store, found));
  await using _closing = unpacking;
  // The largest first: the last one to end decides.
  const bySize = [...found.document.layers.entries()].sort(([, a], [, b]) => b.size - a.size);
  await mapBounded(bySize, PARALLEL_LAYERS, ([position], own) => unpacking.unpack(position, own), signal);
  return await unpacking.publish(signal);
}

/**
 * The directories of an image's layers, from the bottom to the top.
 *
 * @throws AppError `not_found` for an image that is not there, or whose layers are not unpacked
 */
export async function layerPaths(store: ImageStorage, image: string): Promise<readonly string[]> {
  const { config } = await findLayered(store, image);
  const paths: string[] = [];
  for (const chainId of await chainIdsOf(config.diffIds)) {
    const layer = await store.findLayer(chainId);
    if (layer === undefined) {
      throw new AppError(
        "not_found",
        `Cannot name the layers of "${image}": layer "${chainId}" is not unpacked; "dray mount-options --unpack" does it`,
      );
    }
    paths.push(layer.path);
  }
  return paths;
}

/** Layers of one image on their way. Dispose it on every path: what was not published is removed. */
export interface LayerUnpacking extends AsyncDisposable {
  /**
   * Unpacks one layer, whose blob must be in the store. One that is ready, was begun, or that another task is at, is
   * passed over: `publish` does what is left.
   */
  unpack(position: number, signal: AbortSignal): Promise<void>;
  /** Publishes all layers, from the bottom to the top. */
  publish(signal: AbortSignal): Promise<readonly UnpackedLayer[]>;
}

interface Unpacked {
  readonly staged: StagedLayer;
  report: OverlayReport;
}

/** Begins to unpack the layers of an image. */
export async function beginLayers(
  { store, decoder }: { readonly store: ImageStorage; readonly decoder: LayerDecoder },
  diffIds: readonly Digest[],
  openers: readonly OpenLayer[],
): Promise<LayerUnpacking> {
  const chainIds = await chainIdsOf(diffIds);
  const running = new Map<number, Promise<Unpacked | "ready" | "busy">>();
  let sync: FilesystemSync | undefined;
  const openSync = (path: string) => sync ??= FilesystemSync.open(path);
  const applier = (position: number): Apply => async (staged, aliases, own) => {
    using source = await (openers[position] as OpenLayer)(own);
    const sync = openSync(staged.path);
    const early = sync === undefined ? decoder : withPeriodicSync(decoder, sync);
    const options = { xattrs: XATTRS, aliases, decoder: early } as const;
    const report = await unpackOverlayLayer(staged.path, source, options, own);
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
      return { staged, report: await applier(position)(staged, new Map(), signal) };
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
  /** What became of a layer that was tried; only here, from the bottom to the top, others are waited for. */
  async function settled(position: number, signal: AbortSignal): Promise<Unpacked | "ready" | "busy"> {
    const tried = await running.get(position);
    return tried === undefined || tried === "busy" ? await start(position, "wait", signal) : tried;
  }
  return {
    unpack: async (position, signal) => {
      if (!running.has(position)) await start(position, "try", signal);
    },
    async publish(signal) {
      const ready: UnpackedLayer[] = [];
      for (const [position, chainId] of chainIds.entries()) {
        const layer = await settled(position, signal);
        const lowers = ready.map(({ path }) => path).reverse();
        const made = typeof layer === "string" ? await store.findLayer(chainId) : await settle(
          layer,
          { apply: applier(position), sync: () => openSync(layer.staged.path) },
          diffIds[position] as Digest,
          lowers,
          signal,
        );
        if (made === undefined) {
          throw new AppError("busy", `Cannot unpack: layer "${chainId}" was removed meanwhile`);
        }
        ready.push(made);
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

/** Unpacks one layer into its directory, which is empty. */
type Apply = (
  staged: StagedLayer,
  aliases: ReadonlyMap<string, string>,
  signal: AbortSignal,
) => Promise<OverlayReport>;

/** Puts the implied directories right, unpacking anew where the layer goes through links of the layers below. */
async function settle(
  layer: Unpacked,
  { apply, sync }: { readonly apply: Apply; readonly sync: () => FilesystemSync | undefined },
  diffId: Digest,
  lowers: readonly string[],
  signal: AbortSignal,
): Promise<UnpackedLayer> {
  const { staged } = layer;
  const aliases = new Map<string, string>();
  for (;;) {
    const found = await createImplicitParents(staged.path, layer.report.implied, lowers);
    if (found.size === 0) break;
    for (const [path, target] of found) aliases.set(path, target);
    await clear(staged.path);
    layer.report = await apply(staged, aliases, signal);
  }
  mustHaveOwners(staged.chainId, layer.report);
  return await staged.publish(factsOf(layer.report, diffId), async () => {
    const filesystem = sync();
    await filesystem?.finish();
    return filesystem !== undefined;
  });
}

/** A layer is shared by all images that have it, and later by root as well: it must not be the one of a lesser user. */
function mustHaveOwners(chainId: Digest, { leftOut }: OverlayReport): void {
  const owners = leftOut.find(({ kind }) => kind === "owner");
  if (owners === undefined) return;
  throw new AppError(
    "permission_denied",
    `Cannot unpack layer "${chainId}" for overlayfs: ${owners.count} owners can't be set, want root; ` +
      '"dray unpack" makes a tree without them',
    { details: { count: owners.count, examples: owners.examples } },
  );
}

/** What a layer lacks, in words, or undefined. */
export function missingLayersText({ chainId, facts }: UnpackedLayer): string | undefined {
  const kinds = Object.entries(facts.leftOut).map(([kind, count]) => `${count} of kind "${kind}"`);
  return kinds.length === 0 ? undefined : `Layer "${chainId}" was unpacked without ${kinds.join(", ")}`;
}

function factsOf({ entries, unpackedBytes, leftOut }: OverlayReport, diffId: Digest): LayerMetadata {
  return {
    diffId,
    entries,
    unpackedBytes,
    leftOut: Object.fromEntries(leftOut.map(({ kind, count }) => [kind, count])),
  };
}

async function clear(directory: string): Promise<void> {
  for await (const { name } of Deno.readDir(directory)) {
    await Deno.remove(`${directory}/${name}`, { recursive: true });
  }
}
