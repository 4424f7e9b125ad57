/**
 * Finding images of a store by the text that a user enters.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { ImageStore } from "../../content/image_store.ts";
import { parseReference } from "../../oci/reference.ts";
import { asRecorded, groupImages, type ImageGroup } from "./group.ts";
import { ImageLookup, type ImageMatch, isIdText } from "./lookup.ts";

/** An image, with the recorded name that matched. */
export interface FoundImage extends ImageGroup {
  /** Undefined if a digest or an image id matched. */
  readonly name?: string;
}

/**
 * Finds one image; see {@linkcode ImageLookup.find}. If a record matched, the summary describes the content of that
 * record: records of one image id can have different manifests.
 *
 * @throws AppError `not_found`; `invalid_argument` for text that is neither a reference nor an id, or for a prefix of
 * several ids
 */
export async function findImage(store: ImageStore, text: string): Promise<FoundImage> {
  const match = new ImageLookup(groupImages(await store.listImages())).find(text);
  if (match !== undefined) return foundImage(match);
  checkText(text);
  throw new AppError("not_found", `Cannot find image "${text}": no image in the store has this name or id`);
}

/**
 * Returns the images that a filter selects, see {@linkcode ImageLookup.filter}; all images without a filter.
 *
 * @throws AppError `invalid_argument` for text that is neither a reference nor an id
 */
export async function filterImages(
  store: ImageStore,
  filter: string | undefined,
): Promise<readonly ImageGroup[]> {
  const groups = groupImages(await store.listImages());
  if (filter === undefined) return groups;
  const matches = new ImageLookup(groups).filter(filter);
  if (matches.length === 0) checkText(filter);
  return matches.map(foundImage);
}

function foundImage({ group, record, name }: ImageMatch): FoundImage {
  const image = record === undefined ? group : asRecorded(group, record);
  return name === undefined ? image : { ...image, name };
}

/** @throws AppError `invalid_argument` for text that is neither a reference nor an id */
function checkText(text: string): void {
  if (!isIdText(text)) parseReference(text);
}
