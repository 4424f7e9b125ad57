/**
 * The blobs that an image references, directly or through other documents.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import type { ContentReader } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { MANIFEST_MAX_BYTES } from "../../oci/document.ts";
import { isIndexType, isManifestType } from "../../oci/media_type.ts";
import { documentFrom, findVerified, type LoadedDocument } from "./documents.ts";
import type { BlobRole } from "./events.ts";
import { contentBlobsOf } from "./plan.ts";

/** A blob that an image references. */
export interface ReferencedBlob {
  readonly descriptor: Descriptor;
  readonly role: BlobRole;
}

/** The blobs that an image references, as far as its documents can be read. */
export interface References {
  readonly blobs: ReadonlyMap<Digest, ReferencedBlob>;
  /** Missing or damaged documents; the blobs that they reference are unknown. */
  readonly unknown: readonly Descriptor[];
}

/** Collects the references of many images. Reads each document once. */
export class ReferenceWalker {
  readonly #store: ContentReader;
  readonly #documents = new Map<Digest, Promise<LoadedDocument | undefined>>();

  /** @param store contains the documents */
  constructor(store: ContentReader) {
    this.#store = store;
  }

  /** Returns all blobs that a record references. @throws AppError `invalid_content`, `unsupported` */
  async referencesOf(record: Pick<ImageRecord, "target" | "manifest" | "scope">): Promise<References> {
    const blobs = new Map<Digest, ReferencedBlob>();
    const unknown: Descriptor[] = [];
    const visit = async (descriptor: Descriptor): Promise<void> => {
      if (blobs.has(descriptor.digest)) return;
      const isIndex = isIndexType(descriptor.mediaType);
      blobs.set(descriptor.digest, { descriptor, role: isIndex ? "index" : "manifest" });
      const loaded = await this.#load(descriptor);
      if (loaded === undefined) unknown.push(descriptor);
      else if (loaded.document.kind === "manifest") {
        for (const blob of contentBlobsOf(loaded.document)) blobs.set(blob.descriptor.digest, blob);
      } else {
        for (const entry of loaded.document.manifests) await visitEntry(entry);
      }
    };
    const visitEntry = async (entry: Descriptor) => {
      if (record.scope !== "all-platforms") {
        if (!isIndexType(entry.mediaType)) return;
        // A pull of one platform doesn't need a nested index that its registry lacks.
        return await this.#store.findBlob(entry.digest) === undefined ? undefined : await visit(entry);
      }
      if (isIndexType(entry.mediaType)) return await visit(entry);
      if (isManifestType(entry.mediaType)) return await visit(entry);
      blobs.set(entry.digest, { descriptor: entry, role: "layer" });
    };
    await visit(record.target);
    await visit(record.manifest);
    return { blobs, unknown };
  }

  /**
   * Returns all blobs that unmanaged index entries reference: entries that other tools wrote. All platforms of an index
   * count, because the needed ones are unknown.
   *
   * @throws AppError `store_corrupt` if a document is damaged
   */
  async unmanagedBlobs(descriptors: readonly Descriptor[]): Promise<ReadonlySet<Digest>> {
    const digests = new Set<Digest>();
    for (const descriptor of descriptors) {
      digests.add(descriptor.digest);
      const { mediaType } = descriptor;
      if (!isIndexType(mediaType) && !isManifestType(mediaType)) continue;
      const { blobs, unknown } = await this.referencesOf({
        target: descriptor,
        manifest: descriptor,
        scope: "all-platforms",
      });
      for (const { digest } of unknown) await this.#checkMissing(digest);
      for (const digest of blobs.keys()) digests.add(digest);
    }
    return digests;
  }

  /** A missing document is fine, because other tools store some platforms only. A damaged one hides its references. */
  async #checkMissing(digest: Digest): Promise<void> {
    if (await this.#store.findBlob(digest) === undefined) return;
    throw new AppError(
      "store_corrupt",
      `Cannot read manifest "${digest}", which another tool stored: it is damaged, so its references are unknown`,
    );
  }

  #load(descriptor: Descriptor): Promise<LoadedDocument | undefined> {
    let loading = this.#documents.get(descriptor.digest);
    if (loading === undefined) {
      loading = findVerified(this.#store, descriptor, MANIFEST_MAX_BYTES)
        .then((bytes) => bytes && documentFrom(descriptor, bytes));
      this.#documents.set(descriptor.digest, loading);
    }
    return loading;
  }
}
