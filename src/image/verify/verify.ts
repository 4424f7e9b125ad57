/**
 * Verifying the blobs of the store, and repairing damaged ones.
 *
 * @module
 */
import { AppError, codeOf, messageOf } from "../../base/errors.ts";
import { mapBounded } from "../../base/limiter.ts";
import type { ContentReader } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, type Digest, hexOf } from "../../oci/digest.ts";
import type { ImageDeps, ImageStorage } from "../model/deps.ts";
import { findImage } from "../model/find.ts";
import { hashBlob } from "../model/hash_blob.ts";
import { repairBlob } from "./repair.ts";
import type { BlobFault, VerifyOptions, VerifyResult } from "../model/types.ts";
import { type CheckedBlob, checkList } from "./check_list.ts";
import { neverAborted } from "../../base/abort.ts";
import type { ImageRecord } from "../../content/image_store.ts";

const DEFAULT_JOBS = 2;

/**
 * Hashes the blobs of some images, or all blobs of the store. With `repair`, fetches damaged and missing blobs again
 * from the repositories that their images came from. A damaged blob is replaced only once its replacement is verified.
 *
 * @throws AppError `not_found`, `no_space`, or the signal's reason
 */
export async function verifyStore(
  deps: ImageDeps,
  images: readonly string[] | "all" = "all",
  options: VerifyOptions = {},
): Promise<VerifyResult> {
  const { store } = deps;
  const { repair = false, jobs = DEFAULT_JOBS, onProgress = () => {}, signal = neverAborted() } = options;
  using _lock = await store.holdContent(signal);
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
      const fault = await faultOf(store, blob, inner);
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
  return { blobs: checked.size, bytes, faults };
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
  signal: AbortSignal,
): Promise<BlobFault | undefined> {
  const fault = (kind: BlobFault["kind"], found: string): BlobFault => ({
    digest: blob.digest,
    kind,
    found,
    names: blob.names,
    repaired: false,
  });
  const info = await store.findBlob(blob.digest);
  if (info === undefined) return fault("missing", "no such blob");
  if (info.size !== blob.size) return fault("corrupt", `${info.size} bytes instead of ${blob.size}`);
  try {
    const hex = await hashBlob(store, blob.digest, signal);
    return hex === hexOf(blob.digest)
      ? undefined
      : fault("corrupt", `its content has the digest ${algorithmOf(blob.digest)}:${hex}`);
  } catch (error) {
    if (signal.aborted) throw error;
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
    await repairBlob(deps, descriptorToFetch(blob), blob.origins, signal);
    return { ...fault, repaired: true };
  } catch (error) {
    if (signal.aborted || codeOf(error) === "no_space") throw error;
    return { ...fault, repairError: messageOf(error) };
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
