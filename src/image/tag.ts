/**
 * Adding a name to an image.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { parseReference, recordedNameOf } from "../oci/reference.ts";
import type { ImageDeps } from "./model/deps.ts";
import { findImage } from "./model/find.ts";
import { keepPins } from "./model/pins.ts";

/**
 * Adds a name to an image. A name that belongs to another image is moved, with its pin. The new record keeps
 * the origins of the old one, because a repair fetches blobs from there.
 *
 * @returns the name in full
 * @throws AppError `not_found`; `invalid_argument` for a name with a digest, which only a registry can determine
 */
export async function tagImage(
  { store }: Pick<ImageDeps, "store">,
  image: string,
  newName: string,
  signal: AbortSignal,
): Promise<string> {
  const reference = parseReference(newName);
  if (reference.digest !== undefined) {
    throw new AppError("invalid_argument", `Cannot tag "${image}" as "${newName}": use a tag, not a digest`);
  }
  const name = recordedNameOf(reference);
  const { name: matched, records, selected } = await findImage(store, image);
  const source = records.find((record) => record.name === matched) ?? selected[0];
  if (source === undefined) throw new AppError("internal", `Image "${image}" has no record`);
  await store.updateImages((all) => {
    const current = all.get(source.name);
    if (current?.manifest.digest !== source.manifest.digest) {
      throw new AppError("not_found", `Cannot tag "${image}": another process removed it`);
    }
    return keepPins(all, new Map(all).set(name, { ...current, name }));
  }, signal);
  return name;
}
