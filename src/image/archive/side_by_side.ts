/**
 * Combining platforms that an archive lists side by side under one name instead of in an index.
 *
 * @module
 */
import { type Digest, digestOf } from "../../oci/digest.ts";
import { OCI_INDEX } from "../../oci/media_type.ts";
import { formatPlatform } from "../../oci/platform.ts";
import type { NamelessRecord } from "../model/record.ts";
import { type ArchiveStore, ingestBytes } from "./ingest_archive.ts";
import { bestForThisMachine } from "./oci_archive.ts";

/**
 * Returns the record of images that have one name. If they are one image for different platforms, makes an
 * index that lists them; the record is that of all platforms, with the manifest for this machine. The
 * platforms are those of the configs, not those that the archive claims. Otherwise the last image has the
 * name, as in other tools.
 *
 * @param records at least one
 */
export async function combineRecords(
  store: ArchiveStore,
  records: readonly [NamelessRecord, ...NamelessRecord[]],
  signal: AbortSignal,
): Promise<NamelessRecord> {
  const distinct = [...new Map(records.map((record) => [record.manifest.digest, record])).values()];
  const last = records.at(-1) ?? records[0];
  if (distinct.length < 2 || !areSideBySide(distinct)) return last;
  const bytes = new TextEncoder().encode(JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: distinct.map(({ manifest, platform }) => ({ ...manifest, platform })),
  }));
  const target = { mediaType: OCI_INDEX, digest: await digestOf(bytes), size: bytes.length };
  await ingestBytes(store, target, bytes, signal);
  return { ...bestForThisMachine(distinct) ?? last, target, scope: "all-platforms" };
}

/** Reports whether records are single images for different platforms. */
export function areSideBySide(records: readonly NamelessRecord[]): boolean {
  const platforms = new Set<string>();
  const manifests = new Set<Digest>();
  for (const { kind, target, manifest, platform } of records) {
    if (kind !== "image" || target.digest !== manifest.digest || platform === undefined) return false;
    platforms.add(formatPlatform(platform));
    manifests.add(manifest.digest);
  }
  return platforms.size === manifests.size;
}
