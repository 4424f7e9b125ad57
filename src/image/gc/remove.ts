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
import type { RemoveResult, SweepResult } from "../model/types.ts";

/** How to remove. */
export interface RemoveOptions {
  /** Remove the image with all its names, also when a name was given. @default {false} */
  readonly allTags?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Removes names and images; see {@linkcode ImageService.remove}. All of them go in one transaction, or none.
 *
 * @throws AppError `not_found`, `invalid_argument`; `no_space` as {@linkcode removeRecords}
 */
export async function removeImages(
  { store }: Pick<ImageDeps, "store">,
  images: readonly string[],
  { allTags = false, signal = neverAborted() }: RemoveOptions = {},
): Promise<RemoveResult> {
  const doomed = new Map<string, ImageRecord>();
  for (const image of images) {
    for (const record of await doomedBy(store, image, allTags)) doomed.set(record.name, record);
  }
  const freed = await blobsOf(store, doomed.values());
  const { left, swept: before } = await removeRecords(
    store,
    (records) => [...records.values()].filter(({ name, imageId }) => doomed.get(name)?.imageId !== imageId),
    signal,
  );
  const living = new Set(left.map(({ imageId }) => imageId));
  const deleted = [...new Set([...doomed.values()].map(({ imageId }) => imageId))].filter((id) =>
    !living.has(id)
  );
  const after = await sweepBlobs(store, freed, signal);
  const swept = before === undefined || after === undefined ? after ?? before : sumOf(before, after);
  return { untagged: [...doomed.keys()].sort(), deleted, ...(swept && { swept }) };
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
 * The records that go. A name takes only itself; but the last tag of a repository takes the digests that pulls
 * recorded beside it, or the image would stay behind under a name that nobody gave it.
 */
async function doomedBy(
  store: ImageStorage,
  image: string,
  allTags: boolean,
): Promise<readonly ImageRecord[]> {
  const { name, records } = await findImage(store, image);
  if (name === undefined || allTags) return records;
  const named = records.filter((record) => record.name === name);
  if (isDigestName(name)) return named;
  const siblings = records.filter((record) => repositoryOfName(record.name) === repositoryOfName(name));
  const hasOtherTag = siblings.some((record) => record.name !== name && !isDigestName(record.name));
  return hasOtherTag ? named : siblings;
}

/** Everything that the records need, as far as it can be read: what may be free once they are gone. */
async function blobsOf(store: ImageStorage, records: Iterable<ImageRecord>): Promise<ReadonlySet<Digest>> {
  const walker = new ReferenceWalker(store);
  const digests = new Set<Digest>();
  for (const record of records) {
    try {
      for (const digest of (await walker.referencesOf(record)).blobs.keys()) digests.add(digest);
    } catch (error) {
      // A document that can't be parsed must not keep its image from being removed; `gc` finds the rest.
      if (!(error instanceof AppError)) throw error;
    }
  }
  return digests;
}
