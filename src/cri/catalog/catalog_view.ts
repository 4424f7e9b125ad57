/**
 * The images at one moment, and how requests find them (`cri.md` B.1 and B.2).
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";
import { AppError, isCode } from "../../base/errors.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import type { ImageMetadata } from "../../image/model/metadata.ts";
import { type ImageGroup, repositoryOfName } from "../../image/model/group.ts";
import { type Digest, findDigest, hexOf, shortIdOf } from "../../oci/digest.ts";
import { parseReference, recordedNameOf, type Reference, repositoryNameOf } from "../../oci/reference.ts";

/** An image with its encoded form. */
export interface CatalogImage {
  readonly group: ImageGroup;
  /** Undefined while its documents can't be read. */
  readonly facts: ImageMetadata | undefined;
  readonly pinned: boolean;
  /** The image as a field of a response. */
  readonly field: Uint8Array;
}

/** Digits of an id that status and lists want at least, as CRI-O does: shorter ones match by accident. */
export const FIND_PREFIX = 3;
/** Digits of an id that a removal wants: as many as crictl prints, so that nothing is removed by accident. */
export const REMOVE_PREFIX = 12;

/** So many looks at one moment's images go through all of them, before an index pays. */
const FINDS_WITHOUT_INDEX = 4;

/** Where names and digests lead. */
interface NameIndex {
  readonly byId: Look<Digest, CatalogImage>;
  readonly byName: Look<string, CatalogImage>;
  /** By the digest of a manifest or index. Several images can come of one index. */
  readonly byDocument: Look<Digest, readonly CatalogImage[]>;
}

/** The part of a map that is used. */
interface Look<K, V> {
  get(key: K): V | undefined;
}

/** The images at one moment. */
export class CatalogView {
  /** What it was made from. */
  readonly records: readonly ImageRecord[];
  /** Each image once, by its first name. */
  readonly images: readonly CatalogImage[];
  #list: Uint8Array | undefined;
  #index: NameIndex | undefined;
  #finds = 0;

  constructor(records: readonly ImageRecord[], images: readonly CatalogImage[]) {
    this.records = records;
    this.images = images;
  }

  /** The encoded list of all images. */
  list(): Uint8Array {
    return this.#list ??= concatBytes(this.images.map(({ field }) => field));
  }

  /**
   * The image that a text means: an id, the digest of a manifest or index, a name, or the beginning of an id with at
   * least `prefix` digits. Text that can be none of these means no image.
   *
   * @throws AppError `invalid_argument` if it begins the ids of several images
   */
  find(text: string, prefix: number): CatalogImage | undefined {
    const { byId, byName, byDocument } = this.#names();
    const digest = findDigest(text) ?? (text.length === 64 ? findDigest(`sha256:${text}`) : undefined);
    if (digest !== undefined) return byId.get(digest) ?? byDocument.get(digest)?.[0];
    const reference = parse(text);
    if (reference !== undefined) {
      const named = byName.get(recordedNameOf(reference)) ?? this.#byRepositoryDigest(reference);
      if (named !== undefined) return named;
    }
    return isIdPrefix(text, prefix) ? this.#byPrefix(text) : undefined;
  }

  /** The images that a filter means: all of a repository without tag, else what {@linkcode find} finds. */
  filter(text: string): readonly CatalogImage[] {
    if (isBareRepository(text)) {
      const reference = parse(text);
      const repository = reference && repositoryNameOf(reference);
      const found = this.images.filter(({ group }) =>
        group.records.some(({ name }) => repositoryOfName(name) === repository)
      );
      if (found.length > 0) return found;
      if (isIdPrefix(text, FIND_PREFIX)) return this.#beginningWith(text);
    }
    const found = this.find(text, FIND_PREFIX);
    return found === undefined ? [] : [found];
  }

  #names(): NameIndex {
    // After each change of many images the index would cost more than the few looks until the next one.
    if (this.#index === undefined && ++this.#finds <= FINDS_WITHOUT_INDEX) return scanOf(this.images);
    return this.#index ??= indexOf(this.images);
  }

  /** A digest of the repository that no name carries: the platform's manifest of an index that was pulled by tag. */
  #byRepositoryDigest(reference: Reference): CatalogImage | undefined {
    const { digest } = reference;
    if (digest === undefined) return undefined;
    const repository = repositoryNameOf(reference);
    const { byId, byDocument } = this.#names();
    const withId = byId.get(digest);
    return [...byDocument.get(digest) ?? [], ...withId ? [withId] : []].find(({ group }) =>
      group.records.some(({ name }) => repositoryOfName(name) === repository)
    );
  }

  #byPrefix(text: string): CatalogImage | undefined {
    const found = this.#beginningWith(text);
    if (found.length <= 1) return found[0];
    const ids = found.slice(0, 5).map(({ group }) => shortIdOf(group.summary.id));
    throw new AppError(
      "invalid_argument",
      `Cannot find image "${text}": it begins the ids of several, ${ids.join(", ")}`,
    );
  }

  #beginningWith(text: string): readonly CatalogImage[] {
    return this.images.filter(({ group }) => hexOf(group.summary.id).startsWith(text));
  }
}

/** The same without an index. */
function scanOf(images: readonly CatalogImage[]): NameIndex {
  const has = (image: CatalogImage, fits: (record: ImageRecord) => boolean) => image.group.records.some(fits);
  return {
    byId: { get: (id) => images.find(({ group }) => group.summary.id === id) },
    byName: { get: (wanted) => images.find((image) => has(image, ({ name }) => name === wanted)) },
    byDocument: {
      get: (digest) =>
        images.filter((image) =>
          has(image, ({ manifest, target }) => manifest.digest === digest || target.digest === digest)
        ),
    },
  };
}

function indexOf(images: readonly CatalogImage[]): NameIndex {
  const byId = new Map<Digest, CatalogImage>();
  const byName = new Map<string, CatalogImage>();
  const byDocument = new Map<Digest, CatalogImage[]>();
  for (const image of images) {
    byId.set(image.group.summary.id, image);
    const documents = new Set<Digest>();
    for (const { name, manifest, target } of image.group.records) {
      byName.set(name, image);
      documents.add(manifest.digest).add(target.digest);
    }
    for (const digest of documents) {
      const others = byDocument.get(digest);
      if (others === undefined) byDocument.set(digest, [image]);
      else others.push(image);
    }
  }
  return { byId, byName, byDocument };
}

function parse(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (isCode(error, "invalid_argument", "unsupported")) return undefined;
    throw error;
  }
}

function isIdPrefix(text: string, digits: number): boolean {
  return text.length >= digits && /^[a-f0-9]{1,64}$/.test(text);
}

function isBareRepository(text: string): boolean {
  return !text.includes("@") && text.lastIndexOf(":") <= text.lastIndexOf("/") &&
    findDigest(text) === undefined;
}
