/**
 * Descriptors in annotations of another descriptor: an entry of `index.json` that names a manifest also names
 * the index that the manifest was chosen from, which needn't be complete.
 *
 * @module
 */
import { type Descriptor, readDigest } from "./descriptor.ts";
import { asSize, asString, type JsonLocation } from "./json.ts";

/** The annotation prefix for the index or manifest that a name points at. */
export const TARGET_LINK = "dev.dray.image.target";

type Annotations = Readonly<Record<string, string>>;

/** Returns the annotations that name a descriptor. */
export function annotationsOfLink(prefix: string, { mediaType, digest, size }: Descriptor): Annotations {
  return {
    [`${prefix}.digest`]: digest,
    [`${prefix}.media-type`]: mediaType,
    [`${prefix}.size`]: String(size),
  };
}

/**
 * Reads a descriptor from annotations; undefined if they name none.
 *
 * @throws AppError `invalid_content`, `unsupported`
 */
export function findLink(
  prefix: string,
  annotations: Annotations,
  location: JsonLocation,
): Descriptor | undefined {
  const digest = annotations[`${prefix}.digest`];
  if (digest === undefined) return undefined;
  return {
    mediaType: asString(annotations[`${prefix}.media-type`], location),
    digest: readDigest(digest, location),
    size: asSize(Number(annotations[`${prefix}.size`]), location),
  };
}
