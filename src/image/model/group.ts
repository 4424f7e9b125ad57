/**
 * Records to images: all names of one config together.
 *
 * @module
 */
import type { ImageRecord } from "../../content/image_store.ts";
import type { ImageSummary } from "./types.ts";

/** An image with the records that make it. */
export interface ImageGroup {
  readonly summary: ImageSummary;
  /** The newest first. */
  readonly records: readonly ImageRecord[];
}

/** Whether a recorded name ends in a digest, not in a tag. */
export function isDigestName(name: string): boolean {
  return name.includes("@");
}

/** The repository of a recorded name: what stands before its tag or digest. */
export function repositoryOfName(name: string): string {
  const at = name.indexOf("@");
  return at >= 0 ? name.slice(0, at) : name.slice(0, name.lastIndexOf(":"));
}

/** Groups by the list of records that they were made from. A store gives the same list while nothing changes. */
const groupsOfList = new WeakMap<readonly ImageRecord[], readonly ImageGroup[]>();

/** Groups by the first of their records, so that a change makes only those anew whose records changed. */
const groupOfRecord = new WeakMap<
  ImageRecord,
  { readonly group: ImageGroup; readonly members: readonly ImageRecord[] }
>();

/**
 * Groups records by image, in the order of their first names. The same list gives the same groups again, and a group
 * whose records are the same objects as before is the same object as before.
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
      ...contentOf(newest),
      pinned: records.some(({ pinned }) => pinned),
      pulledAt: newest.pulledAt,
      origins: [...new Set(records.flatMap(({ origins }) => origins))],
    },
  };
}

/** What a record says of its content. Names of one config may differ in it: layers can be packed in several ways. */
function contentOf(
  record: ImageRecord,
): Pick<ImageSummary, "manifest" | "target" | "kind" | "scope" | "platform" | "size"> {
  const { manifest, target, kind, scope, platform, size } = record;
  return { manifest, target, kind, scope, ...(platform && { platform }), size };
}

/** The image as one of its records has it. */
export function asRecorded(group: ImageGroup, record: ImageRecord): ImageGroup {
  const { platform: _, ...summary } = group.summary;
  return { records: group.records, summary: { ...summary, ...contentOf(record) } };
}

function compareNames(a: ImageSummary, b: ImageSummary): number {
  const [left, right] = [firstNameOf(a), firstNameOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The name to show for an image: its first tag, else its first digest. */
export function firstNameOf(summary: Pick<ImageSummary, "repoTags" | "repoDigests" | "id">): string {
  return summary.repoTags[0] ?? summary.repoDigests[0] ?? summary.id;
}
