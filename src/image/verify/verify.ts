/**
 * Verifying the blobs and the unpacked layers of the store, and repairing damaged ones.
 *
 * @module
 */
import { AppError, codeOf, messageOf } from "../../base/errors.ts";
import { mapBounded } from "../../base/concurrency/limiter.ts";
import type { ContentReader } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, type Digest, hexOf } from "../../oci/digest.ts";
import type { ImageDeps, ImageStorage } from "../model/deps.ts";
import { findImage } from "../model/find.ts";
import { hashBlob } from "../model/hash_blob.ts";
import { holdingStore } from "../model/held_store.ts";
import { unpackLayers } from "../unpack/unpack_layers.ts";
import { layerFaultOf, layerList } from "./layer_check.ts";
import { repairBlob } from "./repair.ts";
import type { BlobFault, VerifyOptions, VerifyResult } from "../model/types.ts";
import { type CheckedBlob, checkList } from "./check_list.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import type { ImageRecord } from "../../content/image_store.ts";

const DEFAULT_JOBS = 2;

/**
 * Hashes the blobs of some images, or all blobs of the store, and compares unpacked layers with their blobs. With
 * `repair`, fetches damaged and missing blobs again from the repositories that their images came from, and unpacks
 * damaged layers again. A damaged blob is replaced only once its replacement is verified.
 *
 * Content that another process removes in the meantime isn't a fault. So that a check of a large store doesn't delay
 * removals, nothing is held except what is being repaired.
 *
 * @throws AppError `not_found`, `no_space`, or the signal's reason
 */
export async function verifyStore(
  deps: ImageDeps,
  images: readonly string[] | "all" = "all",
  options: VerifyOptions = {},
): Promise<VerifyResult> {
  const { store } = deps;
  const { repair = false, quick = false, jobs = DEFAULT_JOBS, onProgress = () => {} } = options;
  const { signal = neverAborted() } = options;
  const records = await recordsOf(store, images);
  const checked = new Set<Digest>();
  const faults: BlobFault[] = [];
  let bytes = 0;
  // A repaired document can reference blobs that were unknown before: check again until no document was repaired.
  for (;;) {
    const list = (await checkList(store, records, images === "all"))
      .filter(({ digest }) => !checked.has(digest));
    if (list.length === 0) break;
    const totalBlobs = checked.size + list.length;
    const totalBytes = bytes + list.reduce((sum, { size }) => sum + size, 0);
    const results = await mapBounded(list, jobs, async (blob, inner) => {
      const fault = await faultOf(store, blob, quick, inner);
      checked.add(blob.digest);
      bytes += blob.size;
      onProgress({ blobs: checked.size, totalBlobs, bytes, totalBytes });
      return fault;
    }, signal);
    const newFaults = results.flatMap((fault) => fault ?? []);
    for (const fault of newFaults) {
      const blob = list.find(({ digest }) => digest === fault.digest);
      faults.push(repair && blob ? await repairFault(deps, fault, blob, signal) : fault);
    }
    if (!newFaults.some(({ digest }) => faults.some((fault) => fault.digest === digest && fault.repaired))) {
      break;
    }
  }
  const remaining = await withoutRemoved(store, images, faults);
  const damaged = new Set(remaining.filter(({ repaired }) => !repaired).map(({ digest }) => digest));
  const layers = await layerList(store, records, images === "all");
  for (const layer of layers) {
    // A damaged blob says nothing about the layer that was unpacked from it.
    const depth = quick || layer.blob === undefined || damaged.has(layer.blob.descriptor.digest)
      ? "quick"
      : "deep";
    const found = await layerFaultOf(store, layer, depth, signal);
    if (found === undefined) continue;
    const fault: BlobFault = {
      digest: layer.chainId,
      object: "layer",
      kind: "corrupt",
      found,
      names: layer.names,
      repaired: false,
    };
    remaining.push(repair ? await repairLayerFault(deps, fault, signal) : fault);
  }
  return { blobs: checked.size, layers: layers.length, bytes, faults: remaining };
}

/** Omits the faults of blobs that were removed while the store was checked. */
async function withoutRemoved(
  store: ImageStorage,
  images: readonly string[] | "all",
  faults: readonly BlobFault[],
): Promise<BlobFault[]> {
  const isGone = ({ kind, repaired }: BlobFault) => kind === "missing" && !repaired;
  if (!faults.some(isGone)) return [...faults];
  const records = await recordsOf(store, images).catch((error) => {
    if (codeOf(error) === "not_found") return [];
    throw error;
  });
  const referenced = new Set((await checkList(store, records, false)).map(({ digest }) => digest));
  return faults.filter((fault) => !isGone(fault) || referenced.has(fault.digest));
}

async function recordsOf(
  store: ImageStorage,
  images: readonly string[] | "all",
): Promise<readonly ImageRecord[]> {
  if (images === "all") return await store.listImages();
  const matches = await Promise.all(images.map((image) => findImage(store, image)));
  return matches.flatMap(({ selected }) => selected);
}

async function faultOf(
  store: ContentReader,
  blob: CheckedBlob,
  quick: boolean,
  signal: AbortSignal,
): Promise<BlobFault | undefined> {
  const fault = (kind: BlobFault["kind"], found: string): BlobFault => ({
    digest: blob.digest,
    object: "blob",
    kind,
    found,
    names: blob.names,
    repaired: false,
  });
  const info = await store.findBlob(blob.digest);
  if (info === undefined) return fault("missing", "no such blob");
  if (info.size !== blob.size) return fault("corrupt", `${info.size} bytes instead of ${blob.size}`);
  if (quick) return undefined;
  try {
    const hex = await hashBlob(store, blob.digest, signal);
    return hex === hexOf(blob.digest)
      ? undefined
      : fault("corrupt", `its content has the digest ${algorithmOf(blob.digest)}:${hex}`);
  } catch (error) {
    if (signal.aborted) throw error;
    if (codeOf(error) === "not_found") return fault("missing", "no such blob");
    return fault("unreadable", messageOf(error));
  }
}

async function repairFault(
  deps: ImageDeps,
  fault: BlobFault,
  blob: CheckedBlob,
  signal: AbortSignal,
): Promise<BlobFault> {
  try {
    using store = holdingStore(deps.store, signal);
    await repairBlob({ ...deps, store }, descriptorToFetch(blob), blob.origins, signal);
    return { ...fault, repaired: true };
  } catch (error) {
    if (signal.aborted || codeOf(error) === "no_space") throw error;
    return { ...fault, repairError: messageOf(error) };
  }
}

/** Removes a damaged layer, and unpacks it again from its blob. */
async function repairLayerFault(
  deps: ImageDeps,
  fault: BlobFault,
  signal: AbortSignal,
): Promise<BlobFault> {
  const { store } = deps;
  const [name] = fault.names;
  try {
    await store.removeLayer(fault.digest);
    await store.deleteLayerRemains();
    if (name !== undefined) await unpackLayers(deps, name, signal);
    return { ...fault, repaired: true };
  } catch (error) {
    if (signal.aborted || codeOf(error) === "no_space") throw error;
    return { ...fault, repairError: `it was removed, but can't be unpacked again: ${messageOf(error)}` };
  }
}

function descriptorToFetch({ descriptor, digest }: CheckedBlob): Descriptor {
  if (descriptor !== undefined) return descriptor;
  throw new AppError(
    "not_found",
    `Cannot fetch blob "${digest}" again: no image references it, so its repository is unknown; delete it with ` +
      `"dray gc" (which retains it if an index.json entry of another tool references it)`,
  );
}
