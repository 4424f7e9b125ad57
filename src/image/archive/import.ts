/**
 * Importing images from an archive or a directory.
 *
 * @module
 */
import { neverAborted } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseReference, recordedNameOf, repositoryNameOf, withDigest } from "../../oci/reference.ts";
import type { ImageStorage } from "../model/deps.ts";
import { type HeldStore, holdingStore } from "../model/held_store.ts";
import { type NamelessRecord, recordNames } from "../model/record.ts";
import type { ArchiveSource } from "../../content/archive_source.ts";
import { sweepDigests } from "../gc/sweep.ts";
import { dockerImages } from "./docker_archive.ts";
import { ingestArchive } from "./ingest_archive.ts";
import { layoutImages } from "./oci_archive.ts";
import { type ArchivedImage, checkNamedDigest } from "./archived_image.ts";
import { areSideBySide, combineRecords } from "./side_by_side.ts";

/** Options of an import. */
export interface ImportOptions {
  /**
   * Use this name instead of those in the archive, which must contain exactly one image. Images for different
   * platforms without a name, or with one name, are one image.
   */
  readonly name?: string;
}

/**
 * Imports all images of a source. Blobs are verified as in a pull, and damaged blobs of the store are
 * replaced. All names are recorded in one transaction, after all images are complete; like a pull, an import
 * also records the digest that each tag points at. A failed import deletes the blobs that it has stored.
 *
 * @returns the names of the images, sorted; without the digests that were added to tags
 * @throws AppError `invalid_content` if the source isn't an archive of images, or has an image with a missing
 * blob or without a name; `invalid_argument` for an invalid `options.name`; `digest_mismatch` for a blob or
 * an image with another digest than its name; `no_space`
 */
export async function importImages(
  whole: ImageStorage,
  source: ArchiveSource,
  options: ImportOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const name = options.name === undefined ? undefined : fullTagOf(options.name);
  const imported = new Set<Digest>();
  try {
    using store = holdingStore(whole, signal);
    return await importInto(recordingBlobs(store, imported), source, name, signal);
  } catch (error) {
    // After the hold has ended. An error of the sweep must not hide why the import failed.
    await sweepDigests(whole, imported, neverAborted()).catch(() => {});
    throw error;
  }
}

/** A store that adds the digest of each blob that it begins to store to a set. */
function recordingBlobs(store: HeldStore, digests: Set<Digest>): ImageStorage {
  return {
    ...store,
    async beginIngest(descriptor, signal, onWait) {
      const ingest = await store.beginIngest(descriptor, signal, onWait);
      if (ingest !== undefined) digests.add(descriptor.digest);
      return ingest;
    },
    async beginAnonymous() {
      const ingest = await store.beginAnonymous();
      return {
        write: (bytes) => ingest.write(bytes),
        commit: (onDigest) =>
          ingest.commit(async (digest) => {
            await onDigest?.(digest);
            if (await store.findBlob(digest) === undefined) digests.add(digest);
          }),
        [Symbol.asyncDispose]: () => ingest[Symbol.asyncDispose](),
      };
    },
  };
}

async function importInto(
  store: ImageStorage,
  source: ArchiveSource,
  name: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const archive = await ingestArchive(source, store, signal);
  const index = archive.documents.get("index.json");
  const docker = archive.documents.get("manifest.json");
  if (index === undefined && docker === undefined) {
    throw new AppError(
      "invalid_content",
      "Cannot import: neither an OCI layout (no index.json) nor a Docker archive (no manifest.json)",
    );
  }
  const images = index === undefined
    ? await dockerImages(store, docker ?? new Uint8Array(), archive, signal)
    : await layoutImages(store, index, docker, signal);
  const named = new Map<string, NamelessRecord>();
  const withDigests = new Map<string, NamelessRecord>();
  for (const [text, records] of byName(renamed(images, name))) {
    const record = await combineRecords(store, records, signal);
    checkNamedDigest(text, record);
    const reference = parseReference(text);
    const recorded = { ...record, origins: [repositoryNameOf(reference)] };
    named.set(text, recorded);
    withDigests.set(recordedNameOf(withDigest(reference, record.target.digest)), recorded);
  }
  await recordNames(store, new Map([...withDigests, ...named]), signal);
  return [...named.keys()].sort();
}

function byName(
  images: readonly ArchivedImage[],
): ReadonlyMap<string, readonly [NamelessRecord, ...NamelessRecord[]]> {
  const records = new Map<string, [NamelessRecord, ...NamelessRecord[]]>();
  for (const { names, record } of images) {
    for (const name of names) {
      const others = records.get(name);
      if (others === undefined) records.set(name, [record]);
      else others.push(record);
    }
  }
  return records;
}

function fullTagOf(text: string): string {
  const reference = parseReference(text);
  if (reference.digest === undefined) return recordedNameOf(reference);
  throw new AppError("invalid_argument", `Cannot import as "${text}": use a tag, not a digest`);
}

/** @throws AppError `invalid_content`, `invalid_argument` */
function renamed(images: readonly ArchivedImage[], name: string | undefined): readonly ArchivedImage[] {
  if (images.length === 0) {
    throw new AppError("invalid_content", "Cannot import: the archive contains no images");
  }
  if (name === undefined) {
    for (const image of images) if (image.names.length === 0) throw namelessError(image);
    return images;
  }
  // Several entries can name the same image.
  const ids = new Set(images.map(({ record }) => record.manifest.digest));
  const written = new Set(images.map(({ names, hint }) => names.join(" ") || hint));
  const [first] = images;
  if (first !== undefined && ids.size === 1) return [{ ...first, names: [name] }];
  if (written.size === 1 && areSideBySide(images.map(({ record }) => record))) {
    return images.map((image) => ({ ...image, names: [name] }));
  }
  throw new AppError(
    "invalid_argument",
    `Cannot import as "${name}": the archive contains ${ids.size} images`,
  );
}

function namelessError({ hint, record }: ArchivedImage): AppError {
  const content = hint === undefined ? "no name" : `only the tag "${hint}", without a repository`;
  return new AppError(
    "invalid_content",
    `Cannot import image "${record.manifest.digest}": the archive has ${content}; choose a name with --name`,
  );
}
