/**
 * Taking records away, also on a disk with no space left for the index that lacks them.
 *
 * @module
 */
import { isCode } from "../../base/errors.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import type { ImageStorage } from "../model/deps.ts";
import { collectGarbage } from "./sweep.ts";
import type { SweepResult } from "../model/types.ts";

/** Who removes something on a full disk waits no longer than this for pulls, which can't end there either. */
const WAIT_MS = 200;

/** What is left, and what had to go first. */
export interface RemovedRecords {
  readonly left: readonly ImageRecord[];
  /** What was swept to have space for the new index. */
  readonly swept?: SweepResult;
}

/**
 * Changes the records to fewer. A store keeps space for that; where it has none, what no image needs is swept first,
 * partials too: nothing of it can't be fetched again, and the records stay whole whatever happens.
 *
 * @param change may be called twice
 * @throws AppError `no_space` if nothing was there to sweep, or a pull holds it; what `change` throws
 */
export async function removeRecords(
  store: ImageStorage,
  change: Parameters<ImageStorage["updateImages"]>[0],
  signal: AbortSignal,
): Promise<RemovedRecords> {
  try {
    return { left: await store.updateImages(change, signal) };
  } catch (error) {
    if (!isCode(error, "no_space")) throw error;
    const swept = await sweepAll(store, signal);
    if (swept === undefined) throw error;
    return { left: await store.updateImages(change, signal), swept };
  }
}

async function sweepAll(store: ImageStorage, signal: AbortSignal): Promise<SweepResult | undefined> {
  try {
    const swept = await collectGarbage({ store }, { partialAge: 0, wait: WAIT_MS, signal });
    return swept.blobs.length + swept.partials.length + swept.layers.length === 0 ? undefined : swept;
  } catch (error) {
    // A store that can't be swept is not what was asked about.
    if (isCode(error, "busy", "store_corrupt")) return undefined;
    throw error;
  }
}
