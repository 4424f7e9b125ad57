/**
 * The images at one point in time, as CRI responses contain them.
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import type { ImageMetadata } from "../../image/model/metadata.ts";
import type { ImageGroup } from "../../image/model/group.ts";
import { ID_PREFIX_MIN_DIGITS, ImageLookup, type ImageMatch } from "../../image/model/lookup.ts";

/** An image with its encoded form. */
export interface CatalogImage {
  readonly group: ImageGroup;
  /** Undefined while the image's documents can't be read. */
  readonly metadata: ImageMetadata | undefined;
  readonly pinned: boolean;
  /** The image as a field of a response. */
  readonly field: Uint8Array;
}

/** Minimum number of digits of an id prefix in a status request or a filter. */
export const FIND_PREFIX: number = ID_PREFIX_MIN_DIGITS;
/** Minimum number of digits of an id prefix in a removal: as many as crictl prints, to prevent accidents. */
export const REMOVE_PREFIX = 12;

/** The images at one point in time. */
export class CatalogView {
  /** The records that the view was made from. */
  readonly records: readonly ImageRecord[];
  /** The images in the order of their first names. */
  readonly images: readonly CatalogImage[];
  readonly #byGroup: ReadonlyMap<ImageGroup, CatalogImage>;
  readonly #lookup: ImageLookup;
  #list: Uint8Array | undefined;

  constructor(records: readonly ImageRecord[], images: ReadonlyMap<ImageGroup, CatalogImage>) {
    this.records = records;
    this.images = [...images.values()];
    this.#byGroup = images;
    this.#lookup = new ImageLookup([...images.keys()]);
  }

  /** Returns the encoded list of all images. */
  list(): Uint8Array {
    return this.#list ??= concatBytes(this.images.map(({ field }) => field));
  }

  /**
   * Finds an image by name, digest, id or id prefix; see {@linkcode ImageLookup.find}.
   *
   * @param minDigits minimum number of digits of an id prefix
   * @throws AppError `invalid_argument` if the text is a prefix of several image ids
   */
  find(text: string, minDigits: number): CatalogImage | undefined {
    const match = this.#lookup.find(text, minDigits);
    return match && this.#imageOf(match);
  }

  /** Returns the images that a filter selects; see {@linkcode ImageLookup.filter}. */
  filter(text: string): readonly CatalogImage[] {
    return this.#lookup.filter(text).flatMap((match) => this.#imageOf(match) ?? []);
  }

  #imageOf({ group }: ImageMatch): CatalogImage | undefined {
    return this.#byGroup.get(group);
  }
}
