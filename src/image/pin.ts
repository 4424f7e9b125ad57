/**
 * Pinning images: a kubelet doesn't remove pinned images to free disk space.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import type { ImageDeps } from "./model/deps.ts";
import { findImage } from "./model/find.ts";

/**
 * Pins an image under all its names, or unpins it. A pin survives later pulls of the name.
 *
 * @returns the names, sorted
 * @throws AppError `not_found`, `invalid_argument`
 */
export async function pinImage(
  { store }: Pick<ImageDeps, "store">,
  image: string,
  pinned: boolean,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { summary: { id } } = await findImage(store, image);
  const names: string[] = [];
  await store.updateImages((records) => {
    const next = [...records.values()].map((record) => {
      if (record.imageId !== id) return record;
      names.push(record.name);
      return record.pinned === pinned ? record : { ...record, pinned };
    });
    if (names.length === 0) {
      throw new AppError(
        "not_found",
        `Cannot ${pinned ? "pin" : "unpin"} "${image}": another process removed it`,
      );
    }
    return next;
  }, signal);
  return names.sort();
}
