/**
 * The roots of a collection: the blobs and the unpacked layers that images reference.
 *
 * @module
 */
import { AppError, isCode } from "../../base/errors.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import { chainIdsOf } from "../../oci/image_config.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageStorage } from "../model/deps.ts";
import { readDocument } from "../model/documents.ts";
import { readConfig } from "../model/inspect.ts";
import { ReferencesCache } from "../model/references_cache.ts";
import { ReferenceWalker } from "../model/references.ts";

/** A result and the version of the index that it belongs to. */
interface Marked<T> {
  readonly records: readonly ImageRecord[];
  readonly digests: T;
}

/** Finds what images reference, and caches it while the index is unchanged. A server keeps one for all collections. */
export class Roots {
  readonly #store: ImageStorage;
  readonly #ignored: ReadonlySet<string>;
  readonly #references: ReferencesCache;
  #chainIds = new Map<Digest, readonly Digest[]>();
  #blobs: Marked<ReadonlySet<Digest>> | undefined;
  #layers: Marked<ReadonlySet<Digest> | undefined> | undefined;

  /**
   * @param store contains the images
   * @param ignored names whose references don't count
   */
  constructor(store: ImageStorage, ignored: ReadonlySet<string> = new Set()) {
    this.#store = store;
    this.#ignored = ignored;
    this.#references = new ReferencesCache(store);
  }

  /**
   * Returns all blobs that the images of the index, and the entries of other tools, reference now.
   *
   * @throws AppError `store_corrupt` if a manifest can't be read, because then the references of its image are unknown
   */
  async blobs(): Promise<ReadonlySet<Digest>> {
    for (;;) {
      const records = await this.#store.listImages();
      if (this.#blobs?.records === records) return this.#blobs.digests;
      try {
        const digests = await this.#blobsOfAll(records);
        this.#references.keepOnly(records);
        this.#blobs = { records, digests };
        return digests;
      } catch (error) {
        // Outside a sweep, another process may have removed an image and deleted its documents.
        if (!isCode(error, "store_corrupt") || await this.#store.listImages() === records) throw error;
      }
    }
  }

  /** Returns the chain ids of all images; undefined if a config can't be read, because then its layers are unknown. */
  async layers(): Promise<ReadonlySet<Digest> | undefined> {
    for (;;) {
      const records = await this.#store.listImages();
      if (this.#layers?.records === records) return this.#layers.digests;
      const digests = await this.#layersOfAll(records);
      // As in `blobs`.
      if (digests === undefined && await this.#store.listImages() !== records) continue;
      const manifests = new Set(records.map(({ manifest }) => manifest.digest));
      this.#chainIds = new Map([...this.#chainIds].filter(([digest]) => manifests.has(digest)));
      this.#layers = { records, digests };
      return digests;
    }
  }

  /** Returns the chain ids of some records, as far as their documents can be read. */
  async chainIdsOf(records: Iterable<ImageRecord>): Promise<ReadonlySet<Digest>> {
    const digests = new Set<Digest>();
    for (const record of records) for (const id of await this.#chainIdsOf(record) ?? []) digests.add(id);
    return digests;
  }

  /** Returns the blobs and chain ids that some records reference, as far as their documents can be read. */
  async digestsOf(records: Iterable<ImageRecord>): Promise<ReadonlySet<Digest>> {
    const all = [...records];
    const digests = new Set(await this.chainIdsOf(all));
    for (const record of all) {
      try {
        for (const digest of (await this.#references.referencesOf(record)).blobs.keys()) digests.add(digest);
      } catch (error) {
        // An unreadable document must not prevent the removal of its image; a full collection finds its blobs.
        if (!(error instanceof AppError)) throw error;
      }
    }
    return digests;
  }

  async #blobsOfAll(records: readonly ImageRecord[]): Promise<ReadonlySet<Digest>> {
    const digests = new Set<Digest>();
    for (const record of records) {
      if (this.#ignored.has(record.name)) continue;
      for (const digest of await this.#blobsOf(record)) digests.add(digest);
    }
    const unmanaged = await this.#store.listUnmanaged();
    for (const digest of await new ReferenceWalker(this.#store).unmanagedBlobs(unmanaged)) {
      digests.add(digest);
    }
    return digests;
  }

  async #layersOfAll(records: readonly ImageRecord[]): Promise<ReadonlySet<Digest> | undefined> {
    const digests = new Set<Digest>();
    for (const record of records) {
      if (this.#ignored.has(record.name)) continue;
      const chainIds = await this.#chainIdsOf(record);
      if (chainIds === undefined) return undefined;
      for (const chainId of chainIds) digests.add(chainId);
    }
    return digests;
  }

  async #blobsOf(record: ImageRecord): Promise<Iterable<Digest>> {
    const { blobs, unknown: [missing] } = await this.#references.referencesOf(record);
    if (missing === undefined) return blobs.keys();
    throw new AppError(
      "store_corrupt",
      `Cannot collect garbage: manifest "${missing.digest}" of image "${record.name}" is missing or damaged, so the ` +
        `references of the image are unknown; fetch it again with "dray verify --repair", or remove the image`,
    );
  }

  /** Returns undefined if the documents can't be read. */
  async #chainIdsOf({ kind, manifest }: ImageRecord): Promise<readonly Digest[] | undefined> {
    if (kind !== "image") return [];
    const cached = this.#chainIds.get(manifest.digest);
    if (cached !== undefined) return cached;
    try {
      const { document } = await readDocument(this.#store, manifest);
      const chainIds = document.kind === "manifest"
        ? await chainIdsOf((await readConfig(this.#store, document)).diffIds)
        : [];
      this.#chainIds.set(manifest.digest, chainIds);
      return chainIds;
    } catch (error) {
      if (isCode(error, "store_corrupt")) return undefined;
      // Intact documents that can't be unpacked: such an image has no layers.
      if (isCode(error, "invalid_content", "unsupported")) return [];
      throw error;
    }
  }
}
