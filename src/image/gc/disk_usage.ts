/**
 * Disk usage of the store and of each image.
 *
 * @module
 */
import type { Digest } from "../../oci/digest.ts";
import { ReferenceWalker } from "../model/references.ts";
import type { ImageDeps } from "../model/deps.ts";
import { listCheckedRecords } from "../model/checked_records.ts";
import { groupImages, type ImageGroup } from "../model/group.ts";
import type { DiskUsage } from "../model/types.ts";
import { Roots } from "./roots.ts";

/** Computes the disk usage of the store and of each image. @throws AppError `invalid_content`, `store_corrupt` */
export async function diskUsage({ store }: Pick<ImageDeps, "store">): Promise<DiskUsage> {
  const walker = new ReferenceWalker(store);
  const sizes = new Map<Digest, number>();
  for await (const { digest, size } of store.listBlobs()) sizes.set(digest, size);
  const layerSizes = new Map<Digest, number>();
  const layerReferrers = new Map<Digest, number>();
  /** The number of images (or entries of other tools) that reference each blob. */
  const referrers = new Map<Digest, number>();
  const roots = new Roots(store);
  for (const { chainId } of await store.listLayers()) {
    layerSizes.set(chainId, await store.measureLayer(chainId));
  }
  const images: { group: ImageGroup; blobs: ReadonlySet<Digest>; layers: ReadonlySet<Digest> }[] = [];
  for (const group of groupImages(await listCheckedRecords(store))) {
    const blobs = new Set<Digest>();
    for (const record of group.records) {
      for (const digest of (await walker.referencesOf(record)).blobs.keys()) {
        if (sizes.has(digest)) blobs.add(digest);
      }
    }
    for (const digest of blobs) referrers.set(digest, (referrers.get(digest) ?? 0) + 1);
    const layers = new Set([...await roots.chainIdsOf(group.records)].filter((id) => layerSizes.has(id)));
    for (const chainId of layers) layerReferrers.set(chainId, (layerReferrers.get(chainId) ?? 0) + 1);
    images.push({ group, blobs, layers });
  }
  for (const digest of await walker.unmanagedBlobs(await store.listUnmanaged())) {
    referrers.set(digest, (referrers.get(digest) ?? 0) + 1);
  }
  const sum = (
    digests: Iterable<Digest>,
    isCounted: (digest: Digest) => boolean,
    of: ReadonlyMap<Digest, number> = sizes,
  ) => {
    let total = 0;
    for (const digest of digests) if (isCounted(digest)) total += of.get(digest) ?? 0;
    return total;
  };
  const remains = (await store.listLayerRemains()).reduce((total, { bytes }) => total + bytes, 0);
  return {
    store: await store.usage(),
    images: images.map(({ group: { summary, records }, blobs, layers }) => ({
      id: summary.id,
      names: records.map(({ name }) => name).sort(),
      size: sum(blobs, () => true),
      unique: sum(blobs, (digest) => referrers.get(digest) === 1),
      layerBytes: sum(layers, () => true, layerSizes),
      uniqueLayerBytes: sum(layers, (chainId) => layerReferrers.get(chainId) === 1, layerSizes),
    })),
    unused: sum(sizes.keys(), (digest) => !referrers.has(digest)),
    unusedLayers: remains + sum(layerSizes.keys(), (chainId) => !layerReferrers.has(chainId), layerSizes),
  };
}
