/**
 * Grouping the records of the store into images: all names of one image id.
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

/** Reports whether a recorded name has a digest instead of a tag. */
export function isDigestName(name: string): boolean {
  return name.includes("@");
}

/** Returns the repository of a recorded name: the part before the tag or digest. */
export function repositoryOfName(name: string): string {
  const at = name.indexOf("@");
  return at >= 0 ? name.slice(0, at) : name.slice(0, name.lastIndexOf(":"));
}

/** Results by their list of records. A store returns the same list until something changes. */
const groupsOfList = new WeakMap<readonly ImageRecord[], readonly ImageGroup[]>();

/** Groups by their first record, so that after a change only groups with changed records are made again. */
const groupOfRecord = new WeakMap<
  ImageRecord,
  { readonly group: ImageGroup; readonly members: readonly ImageRecord[] }
>();

/**
 * Groups records by image, sorted by first name. Returns the same array for the same list, and the same group object
 * for the same record objects.
 */
export function groupImages(records: readonly ImageRecord[]): readonly ImageGroup[] {
  const known = groupsOfList.get(records);
  if (known !== undefined) return known;
  const groups = makeGroups(records);
  groupsOfList.set(records, groups);
  return groups;
}

function makeGroups(records: readonly ImageRecord[]): readonly ImageGroup[] {
  const groups = new Map<string, ImageRecord[]>();
  for (const record of records) {
    const group = groups.get(record.imageId);
    if (group === undefined) groups.set(record.imageId, [record]);
    else group.push(record);
  }
  return [...groups.values()].map(groupOf).sort((a, b) => compareNames(a.summary, b.summary));
}

function groupOf(members: readonly ImageRecord[]): ImageGroup {
  const [first] = members as readonly [ImageRecord, ...ImageRecord[]];
  const known = groupOfRecord.get(first);
  if (known?.members.length === members.length && known.members.every((member, i) => member === members[i])) {
    return known.group;
  }
  const group = makeGroup(members);
  groupOfRecord.set(first, { group, members });
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
      ...contentFieldsOf(newest),
      pinned: records.some(({ pinned }) => pinned),
      pulledAt: newest.pulledAt,
      origins: [...new Set(records.flatMap(({ origins }) => origins))],
    },
  };
}

/** The content of a record. Records of one image id can differ in it, because layers can be compressed differently. */
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
  const group = groupOf(records.filter(({ imageId }) => imageId === record.imageId));
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
