/**
 * Removing names and images.
 *
 * @module
 */
import { neverAborted } from "../../base/abort.ts";
import { AppError } from "../../base/errors.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import type { Digest } from "../../oci/digest.ts";
import { ReferenceWalker } from "../model/references.ts";
import type { ImageDeps, ImageStorage } from "../model/deps.ts";
import { findImage } from "../model/find.ts";
import { isDigestName, repositoryOfName } from "../model/group.ts";
import { sweepBlobs } from "./sweep.ts";
import { removeRecords } from "./remove_records.ts";
import type { RemoveOptions, RemoveResult, SweepResult } from "../model/types.ts";

/**
 * Removes names and images in one transaction, then deletes their unreferenced blobs; see `ImageService.remove`.
 *
 * @throws AppError `not_found`, `invalid_argument`; `no_space` as {@linkcode removeRecords}
 */
export async function removeImages(
  { store }: Pick<ImageDeps, "store">,
  images: readonly string[],
  { allTags = false, signal = neverAborted() }: RemoveOptions = {},
): Promise<RemoveResult> {
  const toDelete = new Map<string, ImageRecord>();
  for (const image of images) {
    for (const record of await recordsToDelete(store, image, allTags)) toDelete.set(record.name, record);
  }
  const candidates = await blobsOf(store, toDelete.values());
  const { remaining, swept: before } = await removeRecords(
    store,
    (records) =>
      [...records.values()].filter(({ name, manifest }) =>
        toDelete.get(name)?.manifest.digest !== manifest.digest
      ),
    signal,
  );
  const livingIds = new Set(remaining.map(({ imageId }) => imageId));
  const deleted = [...new Set([...toDelete.values()].map(({ imageId }) => imageId))].filter((id) =>
    !livingIds.has(id)
  );
  const after = await sweepBlobs(store, candidates, signal);
  const swept = before === undefined || after === undefined ? after ?? before : sumOf(before, after);
  return { untagged: [...toDelete.keys()].sort(), deleted, ...(swept && { swept }) };
}

function sumOf(a: SweepResult, b: SweepResult): SweepResult {
  return {
    blobs: [...a.blobs, ...b.blobs],
    partials: [...a.partials, ...b.partials],
    layers: [...a.layers, ...b.layers],
    freed: a.freed + b.freed,
  };
}

/**
 * Returns the records that a name, a digest or an id removes. A digest or an id removes the names whose own
 * manifest (or index) has it: an index that only lists the manifest stays. A name removes only itself, except
 * for the last tag of a repository: it also removes the digests of the repository, which pulls record
 * as well.
 */
async function recordsToDelete(
  store: ImageStorage,
  image: string,
  allTags: boolean,
): Promise<readonly ImageRecord[]> {
  const { name, records, selected } = await findImage(store, image);
  if (name === undefined || allTags) return selected;
  const named = records.filter((record) => record.name === name);
  if (isDigestName(name)) return named;
  const siblings = records.filter((record) => repositoryOfName(record.name) === repositoryOfName(name));
  const hasOtherTag = siblings.some((record) => record.name !== name && !isDigestName(record.name));
  return hasOtherTag ? named : siblings;
}

/** Returns the blobs that the records reference: the candidates for deletion. Skips what can't be read. */
async function blobsOf(store: ImageStorage, records: Iterable<ImageRecord>): Promise<ReadonlySet<Digest>> {
  const walker = new ReferenceWalker(store);
  const digests = new Set<Digest>();
  for (const record of records) {
    try {
      for (const digest of (await walker.referencesOf(record)).blobs.keys()) digests.add(digest);
    } catch (error) {
      // An unreadable document must not prevent the removal of its image; `gc` finds its blobs later.
      if (!(error instanceof AppError)) throw error;
    }
  }
  return digests;
}
