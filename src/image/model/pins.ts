/**
 * Keeping pins when names are recorded or moved.
 *
 * @module
 */
import type { ImageRecord } from "../../content/image_store.ts";
import type { Digest } from "../../oci/digest.ts";
import { isDigestName, repositoryOfName } from "./group.ts";

type Records = ReadonlyMap<string, ImageRecord>;

/**
 * Returns the records after a change, with their pins:
 * - A pinned name stays pinned, whatever it refers to now.
 * - A new name of a manifest that has a pinned tag is pinned.
 * - If a pinned tag moved to another manifest, the digests of its repository, which pulls recorded without
 *   being asked to,
 *   lose the pin, unless another pinned tag refers to the old manifest. Otherwise nothing could remove the old image.
 */
export function keepPins(before: Records, after: Records): readonly ImageRecord[] {
  const next = new Map(after);
  const changed = [...after.values()].filter((record) => before.get(record.name) !== record);
  for (const record of changed) {
    if (before.get(record.name)?.pinned) next.set(record.name, { ...record, pinned: true });
  }
  const tagged = new Set<Digest>();
  for (const { name, pinned, manifest } of [...before.values(), ...next.values()]) {
    if (pinned && !isDigestName(name)) tagged.add(manifest.digest);
  }
  for (const { name, manifest } of changed) {
    const record = next.get(name);
    if (record !== undefined && !record.pinned && tagged.has(manifest.digest)) {
      next.set(name, { ...record, pinned: true });
    }
  }
  for (const old of before.values()) {
    const moved = next.get(old.name);
    const hasMoved = moved !== undefined && moved.manifest.digest !== old.manifest.digest;
    if (hasMoved && old.pinned && !isDigestName(old.name)) unpinDigests(next, old);
  }
  return [...next.values()];
}

/** Unpins the digest names of the manifest that a tag referred to before. */
function unpinDigests(records: Map<string, ImageRecord>, { name, manifest }: ImageRecord): void {
  const ofManifest = [...records.values()].filter((record) => record.manifest.digest === manifest.digest);
  if (ofManifest.some((record) => record.pinned && !isDigestName(record.name))) return;
  for (const record of ofManifest) {
    if (
      record.pinned && isDigestName(record.name) && repositoryOfName(record.name) === repositoryOfName(name)
    ) {
      records.set(record.name, { ...record, pinned: false });
    }
  }
}
