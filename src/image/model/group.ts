/**
 * Grouping the records of the store into images: all names of one manifest, or of one image id.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import type { ImageSummary } from "./types.ts";

/** An image with its records. */
export interface ImageGroup {
  readonly summary: ImageSummary;
  /** The most recently pulled first. */
  readonly records: readonly ImageRecord[];
}

/**
 * The records that form one image: those of one manifest, or all of one image id, as CRI lists them. Several
 * manifests can share an image id, for example if their layers are compressed differently.
 */
export type GroupBy = "manifest" | "id";

/** Reports whether a recorded name has a digest instead of a tag. */
export function isDigestName(name: string): boolean {
  return name.includes("@");
}

/** Returns the repository of a recorded name: the part before the tag or digest. */
export function repositoryOfName(name: string): string {
  const at = name.indexOf("@");
  return at >= 0 ? name.slice(0, at) : name.slice(0, name.lastIndexOf(":"));
}

interface Cache {
  /** Results by their list of records. A store returns the same list until something changes. */
  readonly lists: WeakMap<readonly ImageRecord[], readonly ImageGroup[]>;
  /** Groups by their first record, so that after a change only groups with changed records are made again. */
  readonly groups: WeakMap<
    ImageRecord,
    { readonly group: ImageGroup; readonly members: readonly ImageRecord[] }
  >;
}

const caches: Readonly<Record<GroupBy, Cache>> = {
  manifest: { lists: new WeakMap(), groups: new WeakMap() },
  id: { lists: new WeakMap(), groups: new WeakMap() },
};

/**
 * Groups records into images, sorted by first name. Returns the same array for the same list, and the same
 * group object for the same record objects.
 */
export function groupImages(
  records: readonly ImageRecord[],
  by: GroupBy = "manifest",
): readonly ImageGroup[] {
  const { lists } = caches[by];
  const known = lists.get(records);
  if (known !== undefined) return known;
  const groups = makeGroups(records, by);
  lists.set(records, groups);
  return groups;
}

function makeGroups(records: readonly ImageRecord[], by: GroupBy): readonly ImageGroup[] {
  const groups = new Map<string, ImageRecord[]>();
  for (const record of records) {
    const key = by === "id" ? record.imageId : record.manifest.digest;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [record]);
    else group.push(record);
  }
  return [...groups.values()].map((members) => groupOf(members, by))
    .sort((a, b) => compareNames(a.summary, b.summary));
}

function groupOf(members: readonly ImageRecord[], by: GroupBy): ImageGroup {
  const [first] = members as readonly [ImageRecord, ...ImageRecord[]];
  const known = caches[by].groups.get(first);
  if (known?.members.length === members.length && known.members.every((member, i) => member === members[i])) {
    return known.group;
  }
  const group = makeGroup(members);
  caches[by].groups.set(first, { group, members });
  return group;
}

function makeGroup(unordered: readonly ImageRecord[]): ImageGroup {
  const records = [...unordered].sort((a, b) => b.pulledAt - a.pulledAt);
  const [newest] = records as [ImageRecord, ...ImageRecord[]];
  const names = records.map(({ name }) => name).sort();
  return {
    records,
    summary: {
      id: newest.imageId,
      repoTags: names.filter((name) => !isDigestName(name)),
      repoDigests: names.filter(isDigestName),
      digests: Object.fromEntries(records.map(({ name, target }) => [name, target.digest])),
      ...contentFieldsOf(newest),
      pinned: records.some(({ pinned }) => pinned),
      pulledAt: newest.pulledAt,
      origins: [...new Set(records.flatMap(({ origins }) => origins))],
    },
  };
}

/**
 * The content of a record. Records of one group can differ in it: one name can point at an index, another at
 * its manifest.
 */
function contentFieldsOf(
  record: ImageRecord,
): Pick<ImageSummary, "manifest" | "target" | "kind" | "scope" | "platform" | "size"> {
  const { manifest, target, kind, scope, platform, size } = record;
  return { manifest, target, kind, scope, ...(platform && { platform }), size };
}

/** Returns an image with the content of one of its records. */
export function asRecorded(group: ImageGroup, record: ImageRecord): ImageGroup {
  const { platform: _, ...summary } = group.summary;
  return { records: group.records, summary: { ...summary, ...contentFieldsOf(record) } };
}

/** Returns the image of a recorded name, with the content of its record. */
export function summaryOfName(records: readonly ImageRecord[], name: string): ImageSummary {
  const record = records.find((item) => item.name === name);
  if (record === undefined) throw new AppError("internal", `The store has no record "${name}"`);
  const members = records.filter(({ manifest }) => manifest.digest === record.manifest.digest);
  const group = groupOf(members, "manifest");
  return asRecorded(group, record).summary;
}

function compareNames(a: ImageSummary, b: ImageSummary): number {
  const [left, right] = [firstNameOf(a), firstNameOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Returns the name to show for an image: its first name with a tag, or else its first name with a digest. */
export function firstNameOf(summary: Pick<ImageSummary, "repoTags" | "repoDigests" | "id">): string {
  return summary.repoTags[0] ?? summary.repoDigests[0] ?? summary.id;
}
