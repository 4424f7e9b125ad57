/**
 * Writing `manifest.json`, the list of images that `docker load` reads (Docker image spec 1.2, "Combined Image JSON +
 * Filesystem Changeset Format").
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import type { ContentReader } from "../../content/store.ts";
import type { Digest } from "../../oci/digest.ts";
import { readImageManifest } from "../model/documents.ts";
import { isDigestName } from "../model/group.ts";

/** Returns the path of a blob in an archive. */
export function blobName(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/**
 * Returns the content of `manifest.json` for records. Like Docker since version 25, it names configs and layers as blobs
 * of the layout. Layers stay compressed; every loader accepts that.
 *
 * @throws AppError `unsupported` for artifacts, which Docker can't load; `store_corrupt`
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
    const document = await readImageManifest(store, record.manifest, `Cannot export "${record.name}"`);
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

/** Returns the short form of a name that Docker shows: without its default registry and namespace. */
function familiarName(name: string): string {
  return name.replace(/^docker\.io\/(?:library\/)?/, "");
}
