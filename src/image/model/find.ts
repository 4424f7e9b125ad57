/**
 * Finding images of a store by the text that a user enters.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { parseReference } from "../../oci/reference.ts";
import { listCheckedRecords, type RecordStore } from "./checked_records.ts";
import { asRecorded, groupImages, type ImageGroup } from "./group.ts";
import { ImageLookup, type ImageMatch, isIdText } from "./lookup.ts";

/** An image, with what matched. */
export interface FoundImage extends ImageGroup, Pick<ImageMatch, "groups" | "selected"> {
  /** Undefined if a digest or an image id matched. */
  readonly name?: string;
}

/**
 * Finds one image; see {@linkcode ImageLookup.find}. If a record matched, the summary describes the content of that
 * record: names of one manifest can have different targets.
 *
 * @throws AppError `not_found`; `invalid_argument` for text that is neither a reference nor an id, or for a prefix of
 * several ids
 */
export async function findImage(store: RecordStore, text: string): Promise<FoundImage> {
  const match = new ImageLookup(groupImages(await listCheckedRecords(store))).find(text);
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
  store: RecordStore,
  filter: string | undefined,
): Promise<readonly ImageGroup[]> {
  const groups = groupImages(await listCheckedRecords(store));
  if (filter === undefined) return groups;
  const matches = new ImageLookup(groups).filter(filter);
  if (matches.length === 0) checkText(filter);
  return matches.map(foundImage);
}

function foundImage({ group, groups, selected, record, name }: ImageMatch): FoundImage {
  const image = { ...record === undefined ? group : asRecorded(group, record), groups, selected };
  return name === undefined ? image : { ...image, name };
}

/** @throws AppError `invalid_argument` for text that is neither a reference nor an id */
function checkText(text: string): void {
  if (!isIdText(text)) parseReference(text);
}
