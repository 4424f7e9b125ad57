/**
 * Builds an entry from a header and its overrides.
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

/** The kinds of entries. GNU sparse files are a separate kind, because their map follows the header. */
export type RawKind = Entry["kind"] | "gnu-sparse";

/**
 * The kind of a header, from its type flag and name. Old writers encode a directory as a file whose name ends
 * in a slash.
 *
 * @throws AppError `unsupported` for an unknown type flag
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
        `Cannot read archive entry ${JSON.stringify(name)}: unknown type ${JSON.stringify(type)}`,
      );
  }
}

/** The name of the entry. */
export function nameOf(header: RawHeader, overrides: Overrides): string {
  return overrides.findName() ?? header.name;
}

/** The fields that only files have. */
export interface FileMetadata {
  readonly size: number;
  readonly sparse?: readonly SparseRegion[];
}

/**
 * Builds the entry.
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
      }: its owner is ${uid}:${gid}, but ids can't be negative`,
    );
  }
  return {
    name,
    // Some writers include the bits of the file type.
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
