/**
 * The blobs that a verification checks.
 *
 * @module
 */
import type { ImageRecord } from "../../content/image_store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { ReferenceWalker } from "../model/references.ts";
import type { ImageStorage } from "../model/deps.ts";

/** A blob to check. */
export interface CheckedBlob {
  readonly digest: Digest;
  /** The expected size in bytes. */
  readonly size: number;
  /** The descriptor in an image; undefined for an unreferenced blob. */
  readonly descriptor?: Descriptor;
  /** Names of the images that reference it. */
  readonly names: readonly string[];
  /** Repositories that have it. */
  readonly origins: readonly string[];
}

interface Entry {
  readonly descriptor: Descriptor;
  readonly names: Set<string>;
  readonly origins: Set<string>;
}

/**
 * Returns the blobs that records reference, in the order of the records.
 *
 * @param isWholeStore also return unreferenced blobs, last
 */
export async function checkList(
  store: ImageStorage,
  records: readonly ImageRecord[],
  isWholeStore: boolean,
): Promise<readonly CheckedBlob[]> {
  const walker = new ReferenceWalker(store);
  const referenced = new Map<Digest, Entry>();
  for (const record of records) {
    const { blobs } = await walker.referencesOf(record);
    for (const [digest, { descriptor }] of blobs) {
      const entry = referenced.get(digest) ?? { descriptor, names: new Set(), origins: new Set() };
      entry.names.add(record.name);
      for (const origin of record.origins) entry.origins.add(origin);
      referenced.set(digest, entry);
    }
  }
  const checks: CheckedBlob[] = [...referenced].map(([digest, { descriptor, names, origins }]) => ({
    digest,
    size: descriptor.size,
    descriptor,
    names: [...names],
    origins: [...origins],
  }));
  if (isWholeStore) {
    for await (const { digest, size } of store.listBlobs()) {
      if (!referenced.has(digest)) checks.push({ digest, size, names: [], origins: [] });
    }
  }
  return checks;
}
