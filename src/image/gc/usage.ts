/**
 * What takes space.
 *
 * @module
 */
import type { Digest } from "../../oci/digest.ts";
import { ReferenceWalker } from "../model/references.ts";
import type { ImageDeps } from "../model/deps.ts";
import { groupImages } from "../model/group.ts";
import type { DiskUsage } from "../model/types.ts";

/** Counts the store, and what of it each image holds alone. */
export async function diskUsage({ store }: Pick<ImageDeps, "store">): Promise<DiskUsage> {
  const walker = new ReferenceWalker(store);
  const sizes = new Map<Digest, number>();
  for await (const { digest, size } of store.listBlobs()) sizes.set(digest, size);
  const holders = new Map<Digest, number>();
  const images: { group: ReturnType<typeof groupImages>[number]; blobs: ReadonlySet<Digest> }[] = [];
  for (const group of groupImages(await store.listImages())) {
    const blobs = new Set<Digest>();
    for (const record of group.records) {
      for (const digest of (await walker.referencesOf(record)).blobs.keys()) {
        if (sizes.has(digest)) blobs.add(digest);
      }
    }
    for (const digest of blobs) holders.set(digest, (holders.get(digest) ?? 0) + 1);
    images.push({ group, blobs });
  }
  for (const digest of await walker.foreignBlobs(await store.listForeign())) {
    holders.set(digest, (holders.get(digest) ?? 0) + 1);
  }
  const sum = (digests: Iterable<Digest>, isCounted: (digest: Digest) => boolean) => {
    let total = 0;
    for (const digest of digests) if (isCounted(digest)) total += sizes.get(digest) ?? 0;
    return total;
  };
  return {
    store: await store.usage(),
    images: images.map(({ group: { summary, records }, blobs }) => ({
      id: summary.id,
      names: records.map(({ name }) => name).sort(),
      size: sum(blobs, () => true),
      unique: sum(blobs, (digest) => holders.get(digest) === 1),
    })),
    unused: sum(sizes.keys(), (digest) => !holders.has(digest)),
  };
}
