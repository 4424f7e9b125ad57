/**
 * The images of the store as CRI shows them, made anew only where something changed.
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

/** What a catalog is made of. */
export interface CatalogDeps {
  readonly store: ImageStore;
  readonly facts: MetadataCache;
  /** Which names are pinned whatever their records say. */
  readonly isPinned: PinRule;
}

/** How long an image whose documents can't be read stays without facts before they are tried again, in ms. */
const RETRY_MS = 30_000;

interface Refresh {
  readonly records: readonly ImageRecord[];
  readonly view: Promise<CatalogView>;
}

/** Shows the images. A change by whatever process is seen by the next look. */
export class Catalog {
  readonly #deps: CatalogDeps;
  #view: CatalogView | undefined;
  /** When what was left out is to be tried again, by `performance.now()`. */
  #retryAt = Infinity;
  #refresh: Refresh | undefined;
  #images = new Map<ImageGroup, CatalogImage>();

  constructor(deps: CatalogDeps) {
    this.#deps = deps;
  }

  /** How many images there were at the last look; undefined before the first. */
  get size(): number | undefined {
    return this.#view?.images.length;
  }

  /** The images as they are now. @throws AppError `store_corrupt`, `permission_denied` */
  async refresh(): Promise<CatalogView> {
    const records = await this.#deps.store.listImages();
    if (this.#view?.records === records && performance.now() < this.#retryAt) return this.#view;
    // Calls that come while it is being made share one making.
    if (this.#refresh?.records === records) return await this.#refresh.view;
    const refresh = { records, view: this.#make(records) };
    this.#refresh = refresh;
    try {
      return await refresh.view;
    } finally {
      if (this.#refresh === refresh) this.#refresh = undefined;
    }
  }

  async #make(records: readonly ImageRecord[]): Promise<CatalogView> {
    const { facts, isPinned } = this.#deps;
    const groups = groupImages(records);
    // An image without facts is shown all the same.
    const isWhole = await facts.load(groups.map(({ summary }) => summary), neverAborted());
    const images = new Map<ImageGroup, CatalogImage>();
    for (const group of groups) {
      const known = this.#images.get(group);
      if (known?.facts !== undefined) {
        images.set(group, known);
        continue;
      }
      const { summary } = group;
      const found = facts.find(summary);
      const pinned = summary.pinned || group.records.some(({ name }) => isPinned(name));
      images.set(group, { group, facts: found, pinned, field: imageField(summary, found, pinned) });
    }
    this.#images = images;
    this.#retryAt = isWhole ? Infinity : performance.now() + RETRY_MS;
    return this.#view = new CatalogView(records, images);
  }
}
