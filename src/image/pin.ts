/**
 * Pinning images: a kubelet doesn't remove pinned images to free disk space.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import type { ImageDeps } from "./model/deps.ts";
import { findImage } from "./model/find.ts";
import { isDigestName } from "./model/group.ts";

/**
 * Pins an image under all names of its manifest, or unpins it; with an image id, all names whose manifest has
 * that id. A name with a digest pins only itself, so that the pin stays when a tag moves. A pin survives
 * later pulls of the name.
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
  const { name, selected } = await findImage(store, image);
  const only = pinned && name !== undefined && isDigestName(name) ? name : undefined;
  const manifests = new Set(selected.map(({ manifest }) => manifest.digest));
  const names: string[] = [];
  await store.updateImages((records) => {
    const next = [...records.values()].map((record) => {
      if (!manifests.has(record.manifest.digest) || (only !== undefined && record.name !== only)) {
        return record;
      }
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
