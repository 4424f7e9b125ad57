/**
 * The blobs that an image needs: what a collector marks, a verifier hashes, and `df` counts.
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
import { contentOf } from "./plan.ts";

/** A blob that an image needs. */
export interface ReferencedBlob {
  readonly descriptor: Descriptor;
  readonly role: BlobRole;
}

/** All that an image needs, as far as its documents can be read. */
export interface References {
  readonly blobs: ReadonlyMap<Digest, ReferencedBlob>;
  /** Documents that are missing or damaged: what is below them is not known. */
  readonly unknown: readonly Descriptor[];
}

/** Walks the documents of many images, reading each once. */
export class ReferenceWalker {
  readonly #store: ContentReader;
  readonly #documents = new Map<Digest, Promise<LoadedDocument | undefined>>();

  /** @param store where the documents are */
  constructor(store: ContentReader) {
    this.#store = store;
  }

  /** The closure of one record. */
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
        for (const blob of contentOf(loaded.document)) blobs.set(blob.descriptor.digest, blob);
      } else {
        for (const entry of loaded.document.manifests) await visitEntry(entry);
      }
    };
    const visitEntry = async (entry: Descriptor) => {
      if (isIndexType(entry.mediaType)) return await visit(entry);
      if (record.scope !== "all-platforms") return;
      if (isManifestType(entry.mediaType)) return await visit(entry);
      blobs.set(entry.digest, { descriptor: entry, role: "layer" });
    };
    await visit(record.target);
    await visit(record.manifest);
    return { blobs, unknown };
  }

  /**
   * What the descriptors of other tools in this layout stand for, all of it: nobody knows which platforms they want of
   * an index, and blobs that are no documents stand for themselves.
   */
  async foreignBlobs(descriptors: readonly Descriptor[]): Promise<ReadonlySet<Digest>> {
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
      for (const { digest } of unknown) await this.#mustBeMissing(digest);
      for (const digest of blobs.keys()) digests.add(digest);
    }
    return digests;
  }

  /** Other tools leave platforms of an index out; but one that is here and can't be read hides what it needs. */
  async #mustBeMissing(digest: Digest): Promise<void> {
    if (await this.#store.findBlob(digest) === undefined) return;
    throw new AppError(
      "store_corrupt",
      `Cannot read manifest "${digest}", which another tool put into the store: it is damaged, so what it needs is not known`,
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
