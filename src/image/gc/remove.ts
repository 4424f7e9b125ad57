/**
 * Removing names and images.
 *
 * @module
 */
import { neverAborted } from "../../base/concurrency/abort.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import type { ImageDeps, ImageStorage } from "../model/deps.ts";
import { findImage } from "../model/find.ts";
import { isDigestName, repositoryOfName } from "../model/group.ts";
import { Roots } from "./roots.ts";
import { sumOfSwept, sweepDigests } from "./sweep.ts";
import { removeRecords } from "./remove_records.ts";
import type { RemoveOptions, RemoveResult } from "../model/types.ts";

/**
 * Removes names and images in one transaction, then deletes their unreferenced blobs and unpacked layers;
 * see `ImageService.remove`.
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
  const roots = new Roots(store);
  const candidates = await roots.digestsOf(toDelete.values());
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
  const after = await sweepDigests(store, candidates, signal, roots);
  const swept = before === undefined || after === undefined ? after ?? before : sumOfSwept(before, after);
  return { untagged: [...toDelete.keys()].sort(), deleted, ...(swept && { swept }) };
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
