/**
 * Finding an image by what a user types: a name, a digest, or a part of an id.
 *
 * @module
 */
import { AppError, isCode } from "../../base/errors.ts";
import type { ImageRecord, ImageStore } from "../../content/image_store.ts";
import { type Digest, findDigest, hexOf, shortIdOf } from "../../oci/digest.ts";
import { parseReference, recordedNameOf, repositoryNameOf } from "../../oci/reference.ts";
import { asRecorded, groupImages, type ImageGroup, repositoryOfName } from "./group.ts";

/** An image, and whether a name or an id found it. */
export interface FoundImage extends ImageGroup {
  /** The recorded name that the text stands for; undefined if it is an id. */
  readonly name?: string;
}

/** Shorter prefixes would match by accident. */
const MIN_PREFIX = 3;
const ID_PREFIX = /^[a-f0-9]{3,64}$/;

/**
 * Finds one image. Names come before ids, so that an image called `cafe` is never hidden by an id that begins so.
 *
 * @throws AppError `not_found`; `invalid_argument` for text that is neither a name nor an id, or a prefix of several ids
 */
export async function findImage(store: ImageStore, text: string): Promise<FoundImage> {
  const groups = groupImages(await store.listImages());
  const found = byDigest(groups, text) ?? byName(groups, text) ?? byPrefix(groups, text);
  if (found !== undefined) return found;
  throw new AppError("not_found", `Cannot find image "${text}": the store has no such name or id`);
}

/** Keeps the images that a filter means: one image, as {@linkcode findImage}, or all of a repository. */
export async function filterImages(
  store: ImageStore,
  filter: string | undefined,
): Promise<readonly ImageGroup[]> {
  const groups = groupImages(await store.listImages());
  if (filter === undefined) return groups;
  const inRepository = isBareRepository(filter) ? ofRepository(groups, filter) : [];
  if (inRepository.length > 0) return inRepository;
  const found = byDigest(groups, filter) ?? byName(groups, filter);
  if (found !== undefined) return [found];
  return ID_PREFIX.test(filter) ? groups.filter(({ summary }) => hexOf(summary.id).startsWith(filter)) : [];
}

function has({ target, manifest }: ImageRecord, digest: Digest): boolean {
  return target.digest === digest || manifest.digest === digest;
}

/** The image of the first record that fits, as that record has it. */
function findRecord(
  groups: readonly ImageGroup[],
  fits: (record: ImageRecord) => boolean,
): ImageGroup | undefined {
  for (const group of groups) {
    const record = group.records.find(fits);
    if (record !== undefined) return asRecorded(group, record);
  }
  return undefined;
}

function byDigest(groups: readonly ImageGroup[], text: string): FoundImage | undefined {
  const digest = findDigest(text) ?? (text.length === 64 ? findDigest(`sha256:${text}`) : undefined);
  if (digest === undefined) return undefined;
  return groups.find(({ summary }) => summary.id === digest) ??
    findRecord(groups, (record) => has(record, digest));
}

function byName(groups: readonly ImageGroup[], text: string): FoundImage | undefined {
  if (ID_PREFIX.test(text) && text.length === 64) return undefined;
  const reference = parse(text);
  if (reference === undefined) return undefined;
  const name = recordedNameOf(reference);
  const exact = findRecord(groups, (record) => record.name === name);
  if (exact !== undefined) return { ...exact, name };
  const { digest } = reference;
  if (digest === undefined) return undefined;
  // A digest of the repository that no name carries: the platform's manifest of an index that was pulled by tag.
  const repository = repositoryNameOf(reference);
  return findRecord(
    groups,
    (record) => has(record, digest) && repositoryOfName(record.name) === repository,
  ) ??
    groups.find((group) =>
      group.summary.id === digest &&
      group.records.some((record) => repositoryOfName(record.name) === repository)
    );
}

function parse(text: string) {
  try {
    return parseReference(text);
  } catch (error) {
    // It may still be a part of an id. Text that is neither is told apart by the caller's "not found".
    if (isCode(error, "invalid_argument", "unsupported") && ID_PREFIX.test(text)) return undefined;
    throw error;
  }
}

function byPrefix(groups: readonly ImageGroup[], text: string): FoundImage | undefined {
  if (text.length < MIN_PREFIX || !ID_PREFIX.test(text)) return undefined;
  const matches = groups.filter(({ summary }) => hexOf(summary.id).startsWith(text));
  if (matches.length <= 1) return matches[0];
  const ids = matches.map(({ summary }) => shortIdOf(summary.id));
  throw new AppError(
    "invalid_argument",
    `Cannot find image "${text}": it begins the ids of several images, ${ids.join(", ")}`,
    { details: { matches: ids } },
  );
}

function isBareRepository(text: string): boolean {
  return !text.includes("@") && text.lastIndexOf(":") <= text.lastIndexOf("/");
}

function ofRepository(groups: readonly ImageGroup[], text: string): readonly ImageGroup[] {
  const reference = parse(text);
  if (reference === undefined) return [];
  const repository = repositoryNameOf(reference);
  return groups.filter(({ records }) => records.some(({ name }) => repositoryOfName(name) === repository));
}
