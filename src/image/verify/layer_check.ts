/**
 * Checking unpacked layers: quickly against what was counted when they were published, or completely against their blobs.
 *
 * @module
 */
import { AppError, isCode, messageOf } from "../../base/errors.ts";
import type { UnpackedLayer } from "../../content/layer_store.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import { chainIdsOf } from "../../oci/image_config.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { OpenLayer } from "../../unpack/unpack.ts";
import type { ImageStorage } from "../model/deps.ts";
import { readDocument } from "../model/documents.ts";
import { readConfig } from "../model/inspect.ts";
import { openerOf } from "../model/layers.ts";
import { tallyFaultOf } from "../unpack/unpack_layers.ts";
import { contentFaultOf } from "./layer_content.ts";

/** A chain id that images have or the store has unpacked. */
export interface CheckedLayer {
  readonly chainId: Digest;
  /** The blob of the layer; undefined if no image has the layer. */
  readonly blob?: { readonly descriptor: Descriptor; readonly open: OpenLayer };
  /** Names of the images. */
  readonly names: readonly string[];
}

/**
 * Returns the layers that the store has unpacked. Skips images whose documents can't be read: their blobs are faults.
 *
 * @param isWholeStore also return unreferenced layers
 */
export async function layerList(
  store: ImageStorage,
  records: readonly ImageRecord[],
  isWholeStore: boolean,
): Promise<readonly CheckedLayer[]> {
  const { published, stored } = await storedLayers(store);
  if (stored.size === 0) return [];
  const layers = new Map<Digest, CheckedLayer>();
  for (const record of records) {
    for (const [chainId, blob] of await blobsByChainId(store, record)) {
      if (!stored.has(chainId)) continue;
      const names = [...layers.get(chainId)?.names ?? [], record.name];
      layers.set(chainId, { chainId, blob, names });
    }
  }
  if (isWholeStore) {
    for (const chainId of published) {
      if (!layers.has(chainId)) layers.set(chainId, { chainId, names: [] });
    }
  }
  return [...layers.values()];
}

async function storedLayers(
  store: ImageStorage,
): Promise<{ readonly published: readonly Digest[]; readonly stored: ReadonlySet<Digest> }> {
  try {
    const published = (await store.listLayers()).map(({ chainId }) => chainId);
    const unmarked = (await store.listLayerRemains()).filter(({ isUnmarked }) => isUnmarked);
    return { published, stored: new Set([...published, ...unmarked.map(({ chainId }) => chainId)]) };
  } catch (error) {
    // Other users may read the blobs of a store, but not its unpacked layers.
    if (isCode(error, "permission_denied")) return { published: [], stored: new Set() };
    throw error;
  }
}

async function blobsByChainId(
  store: ImageStorage,
  { kind, manifest }: ImageRecord,
): Promise<readonly (readonly [Digest, NonNullable<CheckedLayer["blob"]>])[]> {
  if (kind !== "image") return [];
  try {
    const { document } = await readDocument(store, manifest);
    if (document.kind !== "manifest") return [];
    const { diffIds } = await readConfig(store, document);
    const chainIds = await chainIdsOf(diffIds);
    return document.layers.flatMap((descriptor, i) => {
      const [chainId, diffId] = [chainIds[i], diffIds[i]];
      if (chainId === undefined || diffId === undefined) return [];
      return [[chainId, { descriptor, open: openerOf(store, descriptor, diffId) }] as const];
    });
  } catch (error) {
    if (error instanceof AppError) return [];
    throw error;
  }
}

/**
 * Describes the damage of a layer; undefined if it is intact, or was removed in the meantime.
 *
 * @param depth `quick` compares the number and the sizes of the files; `deep` also their content
 * @throws the signal's reason
 */
export async function layerFaultOf(
  store: ImageStorage,
  { chainId, blob }: CheckedLayer,
  depth: "quick" | "deep",
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const layer = await store.findLayer(chainId);
    if (layer === undefined) return await markerFaultOf(store, chainId);
    const fault = await tallyFaultOf(store, layer) ??
      (depth === "deep" && blob !== undefined ? await contentFaultOf(layer, blob.open, signal) : undefined);
    return await isRemoved(store, layer) ? undefined : fault;
  } catch (error) {
    if (signal.aborted) throw error;
    return messageOf(error);
  }
}

async function markerFaultOf(store: ImageStorage, chainId: Digest): Promise<string | undefined> {
  const isDamaged = (await store.listLayerRemains())
    .some((remains) => remains.chainId === chainId && remains.isUnmarked);
  return isDamaged ? "its marker file is missing or damaged" : undefined;
}

async function isRemoved(store: ImageStorage, { chainId }: UnpackedLayer): Promise<boolean> {
  return await store.findLayer(chainId) === undefined && await markerFaultOf(store, chainId) === undefined;
}
