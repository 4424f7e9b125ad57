/**
 * Removing records, even if the disk has no space left for the smaller index.
 *
 * @module
 */
import { isCode } from "../../base/errors.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import type { ImageStorage } from "../model/deps.ts";
import { collectGarbage } from "./sweep.ts";
import type { SweepResult } from "../model/types.ts";

/** How long a removal on a full disk waits for processes that only read the store, in milliseconds. */
const WAIT_MS = 200;

/** Result of {@linkcode removeRecords}. */
export interface RemovedRecords {
  /** The records after the removal. */
  readonly remaining: readonly ImageRecord[];
  /** What had to be deleted first to make space for the new index. */
  readonly swept?: SweepResult;
}

/**
 * Removes records in one transaction. The store reserves disk space for that. If there is none, first deletes all
 * unreferenced blobs and all partial downloads, which can be fetched again.
 *
 * @param change returns the remaining records; may be called twice
 * @throws AppError `no_space` if there is nothing to delete; the errors of `change`
 */
export async function removeRecords(
  store: ImageStorage,
  change: Parameters<ImageStorage["updateImages"]>[0],
  signal: AbortSignal,
): Promise<RemovedRecords> {
  try {
    return { remaining: await store.updateImages(change, signal) };
  } catch (error) {
    if (!isCode(error, "no_space")) throw error;
    const swept = await sweepAll(store, signal);
    if (swept === undefined) throw error;
    return { remaining: await store.updateImages(change, signal), swept };
  }
}

async function sweepAll(store: ImageStorage, signal: AbortSignal): Promise<SweepResult | undefined> {
  try {
    const swept = await collectGarbage({ store }, { partialAge: 0, wait: WAIT_MS, signal });
    return swept.blobs.length + swept.partials.length + swept.layers.length + swept.remains.length === 0
      ? undefined
      : swept;
  } catch (error) {
    // The caller reports the full disk instead.
    if (isCode(error, "busy", "store_corrupt")) return undefined;
    throw error;
  }
}
