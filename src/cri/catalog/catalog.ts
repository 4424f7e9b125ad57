/**
 * The images of the store as encoded CRI messages. Only changed images are encoded again.
 *
 * @module
 */
import { neverAborted } from "../../base/concurrency/abort.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import type { Digest } from "../../oci/digest.ts";
import { checkRecords, type RecordStore } from "../../image/model/checked_records.ts";
import { documentFinder } from "../../image/model/documents.ts";
import type { MetadataCache } from "../../image/model/metadata.ts";
import { groupImages, type ImageGroup } from "../../image/model/group.ts";
import { type CatalogImage, CatalogView } from "./catalog_view.ts";
import { imageField } from "./image_message.ts";
import type { PinRule } from "./pins.ts";
import { StoredRecords } from "./stored_records.ts";

/** Dependencies of {@linkcode Catalog}. */
export interface CatalogDeps {
  readonly store: RecordStore;
  readonly metadata: MetadataCache;
  /** Reports which names are pinned by configuration, in addition to those that are pinned in the store. */
  readonly isPinned: PinRule;
  /** Called once for each record that isn't listed because this blob is missing or damaged. */
  onMissing(record: ImageRecord, digest: Digest): void;
}

/** How long to wait before incomplete images are checked again, in milliseconds. */
const RETRY_MS = 30_000;

interface Refresh {
  readonly records: readonly ImageRecord[];
  readonly view: Promise<CatalogView>;
}

/** Lists the images that are completely stored. {@linkcode refresh} sees the changes of all processes. */
export class Catalog {
  readonly #deps: CatalogDeps;
  #view: CatalogView | undefined;
  readonly #stored: StoredRecords;
  /** When to check incomplete images again, in milliseconds of `performance.now()`. */
  #retryAt = Infinity;
  #refresh: Refresh | undefined;
  #images = new Map<ImageGroup, CatalogImage>();

  constructor(deps: CatalogDeps) {
    this.#deps = deps;
    this.#stored = new StoredRecords(deps);
  }

  /** Number of images at the last refresh; undefined before the first one. */
  get size(): number | undefined {
    return this.#view?.images.length;
  }

  /**
   * Finds an image like {@linkcode CatalogView.find}, and checks that all of it is still stored.
   *
   * @throws AppError like {@linkcode refresh}, and `invalid_argument` for an ambiguous prefix
   */
  async find(text: string, minDigits: number): Promise<CatalogImage | undefined> {
    const found = (await this.refresh()).find(text, minDigits);
    if (found === undefined || await this.#stored.areStored(found.group.records)) return found;
    this.#view = undefined;
    return (await this.refresh()).find(text, minDigits);
  }

  /** Returns the current images. @throws AppError `store_corrupt`, `permission_denied` */
  async refresh(): Promise<CatalogView> {
    const records = await this.#deps.store.listImages();
    const view = this.#view;
    if (view?.records === records && performance.now() < this.#retryAt) {
      if (await this.#stored.rotate(view.stored)) return view;
      this.#view = undefined;
    }
    // Parallel calls share one refresh.
    if (this.#refresh?.records === records) return await this.#refresh.view;
    const refresh = { records, view: this.#createView(records) };
    this.#refresh = refresh;
    try {
      return await refresh.view;
    } finally {
      if (this.#refresh === refresh) this.#refresh = undefined;
    }
  }

  async #createView(records: readonly ImageRecord[]): Promise<CatalogView> {
    const { store, metadata, isPinned } = this.#deps;
    const find = documentFinder(store);
    const checked = await checkRecords(find, records);
    await metadata.load(groupImages(checked).map(({ summary }) => summary), neverAborted(), find);
    const stored = await this.#stored.select(checked);
    const images = new Map<ImageGroup, CatalogImage>();
    for (const group of groupImages(stored, "id")) {
      const known = this.#images.get(group);
      if (known !== undefined) {
        images.set(group, known);
        continue;
      }
      const { summary } = group;
      const found = metadata.find(summary);
      const pinned = summary.pinned || group.records.some(({ name }) => isPinned(name));
      images.set(group, { group, metadata: found, pinned, field: imageField(summary, found, pinned) });
    }
    this.#images = images;
    this.#retryAt = stored.length === records.length ? Infinity : performance.now() + RETRY_MS;
    return this.#view = new CatalogView({ records, checked, stored, images, metadata });
  }
}
