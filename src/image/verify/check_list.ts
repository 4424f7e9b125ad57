/**
 * What a verification has to look at.
 *
 * @module
 */
import type { ImageRecord } from "../../content/image_store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { ReferenceWalker } from "../model/references.ts";
import type { ImageStorage } from "../model/deps.ts";

/** A blob to look at. */
export interface CheckedBlob {
  readonly digest: Digest;
  /** Bytes that it must have. */
  readonly size: number;
  /** What an image says of it; undefined for a blob that no image needs. */
  readonly descriptor?: Descriptor;
  /** The images that need it. */
  readonly names: readonly string[];
  /** Repositories that had it. */
  readonly origins: readonly string[];
}

interface Entry {
  readonly descriptor: Descriptor;
  readonly names: Set<string>;
  readonly origins: Set<string>;
}

/**
 * The blobs that some records need, and with `isWhole` every other one in the store too. Ordered by the images.
 */
export async function checkList(
  store: ImageStorage,
  records: readonly ImageRecord[],
  isWhole: boolean,
): Promise<readonly CheckedBlob[]> {
  const walker = new ReferenceWalker(store);
  const needed = new Map<Digest, Entry>();
  for (const record of records) {
    const { blobs } = await walker.referencesOf(record);
    for (const [digest, { descriptor }] of blobs) {
      const entry = needed.get(digest) ?? { descriptor, names: new Set(), origins: new Set() };
      entry.names.add(record.name);
      for (const origin of record.origins) entry.origins.add(origin);
      needed.set(digest, entry);
    }
  }
  const list: CheckedBlob[] = [...needed].map(([digest, { descriptor, names, origins }]) => ({
    digest,
    size: descriptor.size,
    descriptor,
    names: [...names],
    origins: [...origins],
  }));
  if (isWhole) {
    for await (const { digest, size } of store.listBlobs()) {
      if (!needed.has(digest)) list.push({ digest, size, names: [], origins: [] });
    }
  }
  return list;
}
