/**
 * The `index.json` of exported layouts, with the names where other tools expect them.
 *
 * @module
 */
import type { ImageRecord } from "../../content/image_store.ts";
import { type Descriptor, REF_NAME } from "../../oci/descriptor.ts";
import { OCI_INDEX } from "../../oci/media_type.ts";
import { annotationsOfLink, TARGET_LINK } from "../../oci/descriptor_link.ts";
import { isDigestName } from "../model/group.ts";

/** The annotation for the full name that containerd and Docker read. */
export const FULL_NAME = "io.containerd.image.name";

/** The content of `oci-layout`. */
export const LAYOUT_FILE: Uint8Array = new TextEncoder().encode('{"imageLayoutVersion":"1.0.0"}');

/** Returns the topmost document of a record whose references are all stored. */
export function topOf(record: Pick<ImageRecord, "scope" | "target" | "manifest">): Descriptor {
  return record.scope === "all-platforms" ? record.target : record.manifest;
}

/**
 * Returns the content of `index.json` for records. Other tools expect that everything below an entry is in
 * the layout, so the entry of one platform names its manifest. An annotation names the index, which an import
 * restores.
 */
export function layoutIndexOf(records: readonly ImageRecord[]): Uint8Array {
  const manifests = records.map((record) => {
    const { mediaType, digest, size } = topOf(record);
    return {
      mediaType,
      digest,
      size,
      ...(record.platform && record.scope === "one-platform" && { platform: record.platform }),
      annotations: {
        [REF_NAME]: record.name,
        [FULL_NAME]: record.name,
        ...(digest === record.target.digest ? {} : annotationsOfLink(TARGET_LINK, record.target)),
      },
    };
  });
  return new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
}

/** Returns the records to export for a found image: the one with the given name, else all tags, else one digest. */
export function namedRecords(
  image: { readonly name?: string; readonly selected: readonly ImageRecord[] },
): readonly ImageRecord[] {
  const exact = image.selected.filter(({ name }) => name === image.name);
  if (exact.length > 0) return exact;
  const tags = image.selected.filter(({ name }) => !isDigestName(name));
  return tags.length > 0 ? tags : image.selected.slice(0, 1);
}
