/**
 * Images into the store from an archive or a folder.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { parseReference, recordedNameOf, repositoryNameOf } from "../../oci/reference.ts";
import type { ImageStorage } from "../model/deps.ts";
import { recordNames } from "../model/record.ts";
import type { ArchiveSource } from "../../content/archive_source.ts";
import { dockerImages } from "./docker_archive.ts";
import { ingestArchive } from "./ingest_archive.ts";
import { layoutImages } from "./oci_archive.ts";
import type { ArchivedImage } from "./archived_image.ts";

/** How to import. */
export interface ImportOptions {
  /** The name of the image, in place of those in the archive. Only for an archive of one image. */
  readonly name?: string;
}

/**
 * Imports every image of a source. Blobs are verified as if they came from a registry, and nothing has a name before
 * all of it is there; then all names appear at once.
 *
 * @returns the names in full
 * @throws AppError `invalid_content` for a source that is no archive of images, lacks a blob, or names none of its
 * images; `invalid_argument` for a name that can't stand; `digest_mismatch`, `no_space`
 */
export async function importImages(
  store: ImageStorage,
  source: ArchiveSource,
  options: ImportOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const given = options.name === undefined ? undefined : givenName(options.name);
  using _held = await store.holdContent(signal);
  const intake = await ingestArchive(source, store, signal);
  const index = intake.documents.get("index.json");
  const docker = intake.documents.get("manifest.json");
  if (index === undefined && docker === undefined) {
    throw new AppError(
      "invalid_content",
      "Cannot import: want an OCI layout (index.json) or a Docker archive (manifest.json)",
    );
  }
  const images = index === undefined
    ? await dockerImages(store, docker ?? new Uint8Array(), intake, signal)
    : await layoutImages(store, index, docker);
  const named = new Map(
    nameAll(images, given).flatMap(({ names, record }) =>
      names.map((name) => [name, { ...record, origins: [repositoryNameOf(parseReference(name))] }])
    ),
  );
  await recordNames(store, named, signal);
  return [...named.keys()].sort();
}

function givenName(text: string): string {
  const reference = parseReference(text);
  if (reference.digest === undefined) return recordedNameOf(reference);
  throw new AppError("invalid_argument", `Cannot import as "${text}": want a tag, not a digest`);
}

function nameAll(images: readonly ArchivedImage[], given: string | undefined): readonly ArchivedImage[] {
  if (images.length === 0) throw new AppError("invalid_content", "Cannot import: there are no images in it");
  if (given === undefined) {
    for (const image of images) if (image.names.length === 0) throw nameless(image);
    return images;
  }
  // One image under several tags is still one image.
  const ids = new Set(images.map(({ record }) => record.manifest.digest));
  const [first] = images;
  if (first === undefined || ids.size > 1) {
    throw new AppError("invalid_argument", `Cannot import as "${given}": there are ${ids.size} images in it`);
  }
  return [{ ...first, names: [given] }];
}

function nameless({ hint, record }: ArchivedImage): AppError {
  const which = hint === undefined ? "no name" : `only the tag "${hint}" and no repository`;
  return new AppError(
    "invalid_content",
    `Cannot import image "${record.manifest.digest}": the archive gives it ${which}, so give it one with --name`,
  );
}
