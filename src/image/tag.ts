/**
 * Giving an image a further name.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { parseReference, recordedNameOf } from "../oci/reference.ts";
import type { ImageDeps } from "./model/deps.ts";
import { findImage } from "./model/find.ts";

/**
 * Adds a name to an image; another image that had it loses it. The origins stay, so that a repair knows whom to ask.
 *
 * @returns the name in full
 * @throws AppError `not_found`; `invalid_argument` for a new name with a digest, which can't be chosen freely
 */
export async function tagImage(
  { store }: Pick<ImageDeps, "store">,
  image: string,
  newName: string,
  signal: AbortSignal,
): Promise<string> {
  const reference = parseReference(newName);
  if (reference.digest !== undefined) {
    throw new AppError("invalid_argument", `Cannot tag "${image}" as "${newName}": want a tag, not a digest`);
  }
  const name = recordedNameOf(reference);
  const found = await findImage(store, image);
  const source = found.records.find((record) => record.name === found.name) ?? found.records[0];
  if (source === undefined) throw new AppError("internal", `Image "${image}" has no record`);
  await store.updateImages((records) => {
    const stands = records.get(source.name);
    if (stands?.imageId !== source.imageId) {
      throw new AppError("not_found", `Cannot tag "${image}": it was removed meanwhile`);
    }
    return new Map(records).set(name, { ...stands, name }).values();
  }, signal);
  return name;
}
