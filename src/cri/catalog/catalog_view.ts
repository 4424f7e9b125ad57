/**
 * The images at one point in time, as CRI responses contain them.
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import type { ImageMetadata, MetadataCache } from "../../image/model/metadata.ts";
import { asRecorded, groupImages, type ImageGroup } from "../../image/model/group.ts";
import { ID_PREFIX_MIN_DIGITS, ImageLookup, type ImageMatch } from "../../image/model/lookup.ts";
import { imageField } from "./image_message.ts";

/** An image with its encoded form. */
export interface CatalogImage {
  /** All names of the image id. */
  readonly group: ImageGroup;
  readonly metadata: ImageMetadata | undefined;
  readonly pinned: boolean;
  /** The image as a field of a response. */
  readonly field: Uint8Array;
}

/** Minimum number of digits of an id prefix in a status request or a filter. */
export const FIND_PREFIX: number = ID_PREFIX_MIN_DIGITS;
/** Minimum number of digits of an id prefix in a removal: as many as crictl prints, to prevent accidents. */
export const REMOVE_PREFIX = 12;

/** The content of a {@linkcode CatalogView}. */
export interface CatalogContent {
  /** The records of the store. */
  readonly records: readonly ImageRecord[];
  /** The same after the comparison with their documents. */
  readonly checked: readonly ImageRecord[];
  /** Those of the checked records whose blobs are all stored. */
  readonly stored: readonly ImageRecord[];
  /** The images of the stored records. */
  readonly images: ReadonlyMap<ImageGroup, CatalogImage>;
  readonly metadata: MetadataCache;
}

/** The images at one point in time. */
export class CatalogView {
  /** The images in the order of their first names. */
  readonly images: readonly CatalogImage[];
  readonly #content: CatalogContent;
  readonly #lookup: ImageLookup;
  #list: Uint8Array | undefined;

  constructor(content: CatalogContent) {
    this.#content = content;
    this.images = [...content.images.values()];
    this.#lookup = new ImageLookup([...content.images.keys()]);
  }

  /** The records of the store that the view was made from. */
  get records(): readonly ImageRecord[] {
    return this.#content.records;
  }

  /** The records of the listed images. */
  get stored(): readonly ImageRecord[] {
    return this.#content.stored;
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

  /**
   * Returns the records of the image id that a text refers to, as {@linkcode find} does. Includes incomplete
   * images, so that they can be removed.
   */
  recordsOf(text: string, minDigits: number): readonly ImageRecord[] {
    const groups = groupImages(this.#content.checked, "id");
    return new ImageLookup(groups).find(text, minDigits)?.group.records ?? [];
  }

  /** Returns the images that a filter selects; see {@linkcode ImageLookup.filter}. */
  filter(text: string): readonly CatalogImage[] {
    return this.#lookup.filter(text).flatMap((match) => this.#imageOf(match) ?? []);
  }

  #imageOf({ group, record }: ImageMatch): CatalogImage | undefined {
    const image = this.#content.images.get(group);
    if (image === undefined || record === undefined) return image;
    const { manifest, target } = group.summary;
    if (record.target.digest === target.digest && record.manifest.digest === manifest.digest) return image;
    // The name refers to another manifest or index than the most recently pulled name of the image id.
    const recorded = asRecorded(group, record);
    const metadata = this.#content.metadata.find(record);
    return {
      ...image,
      group: recorded,
      metadata,
      field: imageField(recorded.summary, metadata, image.pinned),
    };
  }
}
