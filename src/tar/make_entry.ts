/**
 * From a header and its overrides to an entry.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import type { Entry, EntryCommon, SparseRegion } from "./entry.ts";
import { type RawHeader, TYPES } from "./header.ts";
import { checkLimit, type TarLimits } from "./limits.ts";
import { nameLength } from "./name.ts";
import type { Overrides } from "./overrides.ts";
import { paxTime } from "./pax.ts";

/** The kinds of entries, with files that are sparse in GNU's own way apart. */
export type RawKind = Entry["kind"] | "gnu-sparse";

/**
 * The kind that a header's type letter and name tell. Old writers spell a directory as a file whose name ends in a
 * slash.
 *
 * @throws AppError `unsupported` for a letter that is not known
 */
export function kindOf(type: string, name: string): RawKind {
  switch (type) {
    case TYPES.oldFile:
    case TYPES.file:
    case TYPES.contiguous:
      return name.endsWith("/") ? "directory" : "file";
    case TYPES.gnuSparse:
      return "gnu-sparse";
    case TYPES.hardlink:
      return "hardlink";
    case TYPES.symlink:
      return "symlink";
    case TYPES.character:
    case TYPES.block:
      return "device";
    case TYPES.directory:
      return "directory";
    case TYPES.fifo:
      return "fifo";
    default:
      throw new AppError(
        "unsupported",
        `Cannot read archive entry ${JSON.stringify(name)}: its type ${JSON.stringify(type)} is unknown`,
      );
  }
}

/** The name of the entry that a header is for. */
export function nameOf(header: RawHeader, overrides: Overrides): string {
  return overrides.findName() ?? header.name;
}

/** What is known of a file when its entry is made. */
export interface FileMetadata {
  readonly size: number;
  readonly sparse?: readonly SparseRegion[];
}

/**
 * Makes the entry.
 *
 * @throws AppError `invalid_content`, `limit_exceeded`
 */
export function makeEntry(
  kind: RawKind,
  header: RawHeader,
  overrides: Overrides,
  file: FileMetadata,
  limits: TarLimits,
): Entry {
  const common = makeCommon(header, overrides, limits);
  switch (kind) {
    case "file":
    case "gnu-sparse":
      return { kind: "file", ...common, ...file };
    case "directory":
    case "fifo":
      return { kind, ...common };
    case "symlink":
    case "hardlink":
      return { kind, ...common, target: linkOf(header, overrides, limits) };
    case "device":
      return {
        kind,
        ...common,
        device: header.type === TYPES.block ? "block" : "character",
        major: header.major,
        minor: header.minor,
      };
  }
}

function makeCommon(header: RawHeader, overrides: Overrides, limits: TarLimits): EntryCommon {
  const name = nameOf(header, overrides);
  checkLimit(limits, "pathBytes", nameLength(name), "the length of a name");
  const mtime = overrides.find("mtime");
  const uid = overrides.findNumber("uid") ?? header.uid;
  const gid = overrides.findNumber("gid") ?? header.gid;
  if (uid < 0 || gid < 0) {
    throw new AppError(
      "invalid_content",
      `Cannot read archive entry ${
        JSON.stringify(name)
      }: its owner is ${uid}:${gid}, want no negative numbers`,
    );
  }
  return {
    name,
    // Some writers put the file type's bits in here as well.
    mode: ((header.mode % 0o10000) + 0o10000) % 0o10000,
    uid,
    gid,
    userName: overrides.findText("uname") ?? header.userName,
    groupName: overrides.findText("gname") ?? header.groupName,
    mtime: mtime ? paxTime(mtime, "mtime") : { seconds: header.mtime, nanoseconds: 0 },
    xattrs: overrides.xattrs(),
  };
}

function linkOf(header: RawHeader, overrides: Overrides, limits: TarLimits): string {
  const target = overrides.findLink() ?? header.linkName;
  checkLimit(limits, "pathBytes", nameLength(target), "the length of a link target");
  return target;
}
