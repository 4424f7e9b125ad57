/**
 * Looking up images by name, digest or image id: the one set of rules for the command line, the library and CRI.
 *
 * @module
 */
import { AppError, isCode } from "../../base/errors.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import { type Digest, findDigest, hexOf, shortIdOf } from "../../oci/digest.ts";
import { parseReference, recordedNameOf, type Reference, repositoryNameOf } from "../../oci/reference.ts";
import { type ImageGroup, repositoryOfName } from "./group.ts";

/** Minimum number of digits of an id prefix. CRI-O uses the same; shorter prefixes match by accident. */
export const ID_PREFIX_MIN_DIGITS = 3;

/** Number of lookups that scan all images. Building the index for fewer costs more than it saves. */
const SCANS_BEFORE_INDEX = 4;

/** Number of ids that the message about an ambiguous prefix lists. */
const LISTED_IDS = 5;

/** The image that a text refers to. */
export interface ImageMatch {
  /** The image. If the text is an image id that several manifests share, the most recently pulled one. */
  readonly group: ImageGroup;
  /**
   * All images that matched, the most recently pulled first. More than one only if manifests share the image
   * id.
   */
  readonly groups: readonly ImageGroup[];
  /**
   * The records that the text refers to: for a name all names of its manifest; for a digest the names that
   * point at it or whose manifest it is; for an id the names whose manifest has that id.
   */
  readonly selected: readonly ImageRecord[];
  /** The record whose name or document digest matched; undefined if the image id matched. */
  readonly record?: ImageRecord;
  /** The recorded name that matched; undefined if a digest or an id matched. */
  readonly name?: string;
}

/** A record together with its image. */
type Entry = Required<Pick<ImageMatch, "group" | "record">>;

/**
 * Images by id (which several manifests can share), by recorded name, and by the digest of a manifest or
 * index (which several images can share).
 */
interface Index {
  readonly byId: ReadableMap<Digest, readonly ImageGroup[]>;
  readonly byName: ReadableMap<string, Entry>;
  readonly byDocument: ReadableMap<Digest, readonly Entry[]>;
}

interface ReadableMap<K, V> {
  get(key: K): V | undefined;
}

/** Looks up images in a fixed list of images. */
export class ImageLookup {
  readonly #groups: readonly ImageGroup[];
  #index: Index | undefined;
  #lookups = 0;

  /** @param groups all images of the store, in the order in which results are listed */
  constructor(groups: readonly ImageGroup[]) {
    this.#groups = groups;
  }

  /**
   * Finds the image that a text refers to. In this order, the text is: an image id or the digest of a manifest or
   * index (with or without `sha256:`), a reference, or the prefix of an image id. Names come before prefixes, so that
   * an id can't hide an image called `cafe`. Returns undefined if nothing matches, including for invalid text.
   *
   * @param minDigits minimum number of digits of an id prefix
   * @throws AppError `invalid_argument` if the text is a prefix of several image ids
   */
  find(text: string, minDigits: number = ID_PREFIX_MIN_DIGITS): ImageMatch | undefined {
    return this.#findExact(text) ?? this.#findByPrefix(text, minDigits);
  }

  /**
   * Returns the images that a filter selects: all images of a repository if the text is a reference without tag and
   * digest and the repository has images; otherwise the image that {@linkcode find} returns, or all images whose id
   * starts with the text.
   */
  filter(text: string): readonly ImageMatch[] {
    const inRepository = isBareRepository(text) ? this.#inRepository(text) : [];
    if (inRepository.length > 0) return inRepository.map((group) => matchOf([group]));
    const match = this.#findExact(text);
    if (match === undefined) {
      return this.#withPrefix(text, ID_PREFIX_MIN_DIGITS).map((group) => matchOf([group]));
    }
    return match.groups.length > 1 ? match.groups.map((group) => matchOf([group])) : [match];
  }

  #findExact(text: string): ImageMatch | undefined {
    this.#lookups++;
    const digest = findDigest(text) ?? (text.length === 64 ? findDigest(`sha256:${text}`) : undefined);
    // An archive can name its image "sha256:HEX", which is also a reference. The digest must not find it.
    return digest === undefined ? this.#findByReference(text) : this.#findByDigest(digest);
  }

  #findByDigest(digest: Digest): ImageMatch | undefined {
    const { byId, byDocument } = this.#lookupIndex();
    const groups = byId.get(digest);
    if (groups !== undefined) return matchOf(groups);
    const entries = byDocument.get(digest) ?? [];
    const [first] = entries;
    if (first === undefined) return undefined;
    const selected = entries.flatMap(({ group }) =>
      group.records.filter((item) => hasDocument(item, digest))
    );
    return { ...first, groups: [first.group], selected };
  }

  #findByReference(text: string): ImageMatch | undefined {
    const reference = tryParse(text);
    if (reference === undefined) return undefined;
    const name = recordedNameOf(reference);
    const entry = this.#lookupIndex().byName.get(name);
    if (entry !== undefined) {
      return { ...entry, groups: [entry.group], selected: entry.group.records, name };
    }
    const { digest } = reference;
    return digest === undefined ? undefined : this.#findInRepository(repositoryNameOf(reference), digest);
  }

  /** Finds a digest that no name contains, such as the platform's manifest in an index that was pulled by tag. */
  #findInRepository(repository: string, digest: Digest): ImageMatch | undefined {
    const isInRepository = ({ name }: ImageRecord) => repositoryOfName(name) === repository;
    const { byId, byDocument } = this.#lookupIndex();
    for (const { group } of byDocument.get(digest) ?? []) {
      const selected = group.records.filter((item) => hasDocument(item, digest) && isInRepository(item));
      const [record] = selected;
      if (record !== undefined) return { group, groups: [group], selected, record };
    }
    const groups = (byId.get(digest) ?? []).filter(({ records }) => records.some(isInRepository));
    return groups.length === 0 ? undefined : matchOf(groups, isInRepository);
  }

  #findByPrefix(text: string, minDigits: number): ImageMatch | undefined {
    const groups = this.#withPrefix(text, minDigits);
    if (groups.length === 0) return undefined;
    const ids = new Set(groups.map(({ summary }) => summary.id));
    if (ids.size === 1) return matchOf(newestFirst(groups));
    const matches = [...ids].map(shortIdOf);
    const listed = matches.slice(0, LISTED_IDS).join(", ");
    const more = matches.length > LISTED_IDS ? " and more" : "";
    throw new AppError(
      "invalid_argument",
      `Cannot find image "${text}": several image ids start with it (${listed}${more}); give more digits`,
      { details: { matches } },
    );
  }

  #withPrefix(text: string, minDigits: number): readonly ImageGroup[] {
    if (text.length < minDigits || !isIdText(text)) return [];
    return this.#groups.filter(({ summary }) => hexOf(summary.id).startsWith(text));
  }

  #inRepository(text: string): readonly ImageGroup[] {
    const reference = tryParse(text);
    if (reference === undefined) return [];
    const repository = repositoryNameOf(reference);
    return this.#groups.filter(({ records }) =>
      records.some(({ name }) => repositoryOfName(name) === repository)
    );
  }

  #lookupIndex(): Index {
    if (this.#index === undefined && this.#lookups <= SCANS_BEFORE_INDEX) return scanOf(this.#groups);
    return this.#index ??= indexOf(this.#groups);
  }
}

/** Reports whether a text can be (part of) an image id without algorithm. */
export function isIdText(text: string): boolean {
  return /^[a-f0-9]{1,64}$/.test(text);
}

/** @param groups images of one id, at least one, the most recently pulled first */
function matchOf(
  groups: readonly ImageGroup[],
  isSelected: (record: ImageRecord) => boolean = () => true,
): ImageMatch {
  const [group] = groups as readonly [ImageGroup, ...ImageGroup[]];
  return { group, groups, selected: groups.flatMap(({ records }) => records.filter(isSelected)) };
}

function newestFirst(groups: readonly ImageGroup[]): readonly ImageGroup[] {
  return groups.length < 2 ? groups : [...groups].sort((a, b) => b.summary.pulledAt - a.summary.pulledAt);
}

function hasDocument({ target, manifest }: ImageRecord, digest: Digest): boolean {
  return target.digest === digest || manifest.digest === digest;
}

/** The same results as {@linkcode indexOf}, computed for each lookup. */
function scanOf(groups: readonly ImageGroup[]): Index {
  function* entriesWith(matches: (record: ImageRecord) => boolean): Iterable<Entry> {
    for (const group of groups) {
      const record = group.records.find(matches);
      if (record !== undefined) yield { group, record };
    }
  }
  const firstOf = ([first]: Iterable<Entry>) => first;
  return {
    byId: {
      get(id) {
        const found = groups.filter(({ summary }) => summary.id === id);
        return found.length === 0 ? undefined : newestFirst(found);
      },
    },
    byName: { get: (wanted) => firstOf(entriesWith(({ name }) => name === wanted)) },
    byDocument: { get: (digest) => [...entriesWith((record) => hasDocument(record, digest))] },
  };
}

function indexOf(groups: readonly ImageGroup[]): Index {
  const byId = new Map<Digest, readonly ImageGroup[]>();
  const byName = new Map<string, Entry>();
  const byDocument = new Map<Digest, Entry[]>();
  for (const group of groups) {
    byId.set(group.summary.id, newestFirst([...byId.get(group.summary.id) ?? [], group]));
    for (const record of group.records) {
      const entry = { group, record };
      byName.set(record.name, entry);
      for (const { digest } of [record.target, record.manifest]) {
        const entries = byDocument.get(digest);
        if (entries === undefined) byDocument.set(digest, [entry]);
        else if (entries.at(-1)?.group !== group) entries.push(entry);
      }
    }
  }
  return { byId, byName, byDocument };
}

function tryParse(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (isCode(error, "invalid_argument", "unsupported")) return undefined;
    throw error;
  }
}

function isBareRepository(text: string): boolean {
  return !text.includes("@") && text.lastIndexOf(":") <= text.lastIndexOf("/");
}
