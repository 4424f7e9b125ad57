/**
 * The images of the store as encoded CRI messages. Only changed images are encoded again.
 *
 * @module
 */
import { neverAborted } from "../../base/abort.ts";
import type { ImageRecord, ImageStore } from "../../content/image_store.ts";
import type { MetadataCache } from "../../image/model/metadata.ts";
import { groupImages, type ImageGroup } from "../../image/model/group.ts";
import { type CatalogImage, CatalogView } from "./catalog_view.ts";
import { imageField } from "./image_message.ts";
import type { PinRule } from "./pins.ts";

/** Dependencies of {@linkcode Catalog}. */
export interface CatalogDeps {
  readonly store: ImageStore;
  readonly metadata: MetadataCache;
  /** Reports which names are pinned by configuration, in addition to those that are pinned in the store. */
  readonly isPinned: PinRule;
}

/** How long to wait before unreadable documents of an image are read again, in milliseconds. */
const RETRY_MS = 30_000;

interface Refresh {
  readonly records: readonly ImageRecord[];
  readonly view: Promise<CatalogView>;
}

/** Lists the images. {@linkcode refresh} sees the changes of all processes. */
export class Catalog {
  readonly #deps: CatalogDeps;
  #view: CatalogView | undefined;
  /** When to read unreadable documents again, in milliseconds of `performance.now()`. */
  #retryAt = Infinity;
  #refresh: Refresh | undefined;
  #images = new Map<ImageGroup, CatalogImage>();

  constructor(deps: CatalogDeps) {
    this.#deps = deps;
  }

  /** Number of images at the last refresh; undefined before the first one. */
  get size(): number | undefined {
    return this.#view?.images.length;
  }

  /** Returns the current images. @throws AppError `store_corrupt`, `permission_denied` */
  async refresh(): Promise<CatalogView> {
    const records = await this.#deps.store.listImages();
    if (this.#view?.records === records && performance.now() < this.#retryAt) return this.#view;
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
    const { metadata, isPinned } = this.#deps;
    const groups = groupImages(records);
    // An image whose metadata can't be read is listed without it.
    const isComplete = await metadata.load(groups.map(({ summary }) => summary), neverAborted());
    const images = new Map<ImageGroup, CatalogImage>();
    for (const group of groups) {
      const known = this.#images.get(group);
      if (known?.metadata !== undefined) {
        images.set(group, known);
        continue;
      }
      const { summary } = group;
      const found = metadata.find(summary);
      const pinned = summary.pinned || group.records.some(({ name }) => isPinned(name));
      images.set(group, { group, metadata: found, pinned, field: imageField(summary, found, pinned) });
    }
    this.#images = images;
    this.#retryAt = isComplete ? Infinity : performance.now() + RETRY_MS;
    return this.#view = new CatalogView(records, images);
  }
}
