/**
 * The index of a layout that leaves the house: names as the readers of such archives look for them.
 *
 * @module
 */
import type { ImageRecord } from "../../content/image_store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { OCI_INDEX } from "../../oci/media_type.ts";
import { isDigestName } from "../model/group.ts";

/** The name that skopeo, umoci, oras and podman read (OCI image spec 1.1, annotations.md). */
export const REF_NAME = "org.opencontainers.image.ref.name";

/** The name in full, which containerd and Docker read. */
export const FULL_NAME = "io.containerd.image.name";

/** What `oci-layout` says. */
export const LAYOUT_FILE: Uint8Array = new TextEncoder().encode('{"imageLayoutVersion":"1.0.0"}');

/** The descriptor that stands for a record: the highest document below which all is there. */
export function topOf(record: Pick<ImageRecord, "scope" | "target" | "manifest">): Descriptor {
  return record.scope === "all-platforms" ? record.target : record.manifest;
}

/** The `index.json` of some records. Digest names are left out where a tag says the same. */
export function layoutIndexOf(records: readonly ImageRecord[]): Uint8Array {
  const manifests = records.map((record) => {
    const { mediaType, digest, size } = topOf(record);
    return {
      mediaType,
      digest,
      size,
      ...(record.platform && record.scope === "one-platform" && { platform: record.platform }),
      annotations: { [REF_NAME]: record.name, [FULL_NAME]: record.name },
    };
  });
  return new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
}

/** The records that an export of one found image names: the one asked for, else all tags, else all digests. */
export function namedRecords(
  found: { readonly name?: string; readonly records: readonly ImageRecord[] },
): readonly ImageRecord[] {
  const exact = found.records.filter(({ name }) => name === found.name);
  if (exact.length > 0) return exact;
  const tags = found.records.filter(({ name }) => !isDigestName(name));
  return tags.length > 0 ? tags : found.records.slice(0, 1);
}
