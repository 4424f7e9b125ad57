/**
 * `manifest.json`: how `docker load` finds the images of an archive (Docker image spec 1.2, "Combined Image JSON +
 * Filesystem Changeset Format").
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import type { ContentReader } from "../../content/store.ts";
import type { Digest } from "../../oci/digest.ts";
import { getDocument } from "../model/documents.ts";
import { isDigestName } from "../model/group.ts";

/** Where a blob stands in an archive. */
export function blobName(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/**
 * Writes `manifest.json` for some records. Config and layers are named where the layout has them, as Docker itself
 * does since version 25; layers stay compressed, which every loader undoes.
 *
 * @throws AppError `unsupported` for artifacts, which Docker can't load
 */
export async function dockerManifestOf(
  store: ContentReader,
  records: readonly ImageRecord[],
): Promise<Uint8Array> {
  const entries = new Map<Digest, { Config: string; RepoTags: string[]; Layers: string[] }>();
  for (const record of records) {
    if (record.kind !== "image") {
      throw new AppError(
        "unsupported",
        `Cannot export "${record.name}" for Docker: it is an artifact, not an image`,
      );
    }
    const { document } = await getDocument(store, record.manifest);
    if (document.kind !== "manifest") {
      throw new AppError("store_corrupt", `Cannot export "${record.name}": its manifest is an index`);
    }
    const entry = entries.get(record.manifest.digest) ?? {
      Config: blobName(document.config.digest),
      RepoTags: [],
      Layers: document.layers.map(({ digest }) => blobName(digest)),
    };
    if (!isDigestName(record.name)) entry.RepoTags.push(familiarName(record.name));
    entries.set(record.manifest.digest, entry);
  }
  return new TextEncoder().encode(JSON.stringify([...entries.values()]));
}

/** A name as Docker shows it: without its own registry. */
function familiarName(name: string): string {
  return name.replace(/^docker\.io\/(?:library\/)?/, "");
}
