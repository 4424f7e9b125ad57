/**
 * What an archive holds, as values.
 *
 * @module
 */

/** A point in time with nanoseconds: `seconds` since 1970, whole and possibly negative, and 0 to 999999999 more. */
export interface TarTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** A stretch of a sparse file that has bytes in the archive; what lies between stretches reads as zeros. */
export interface SparseRegion {
  readonly offset: number;
  readonly length: number;
}

/** What all entries have. Names are byte-faithful strings, see `name.ts`. */
export interface EntryCommon {
  /** The path as the archive spells it: it may be absolute, hold `..`, or end in a slash. */
  readonly name: string;
  /** Permission bits with setuid, setgid and sticky, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly userName: string;
  readonly groupName: string;
  readonly mtime: TarTime;
  /** Extended attributes by full name (`security.capability`), values as bytes. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

/** A regular file; its content follows. */
export interface FileEntry extends EntryCommon {
  readonly kind: "file";
  /** Bytes when expanded, holes included. */
  readonly size: number;
  /** The stretches of a sparse file in ascending order; undefined for an ordinary file. */
  readonly sparse?: readonly SparseRegion[];
}

/** A directory. */
export interface DirectoryEntry extends EntryCommon {
  readonly kind: "directory";
}

/** A symbolic link; its target is text that nobody has checked. */
export interface SymlinkEntry extends EntryCommon {
  readonly kind: "symlink";
  readonly target: string;
}

/** A further name of a file that came before: `target` is spelled like {@linkcode EntryCommon.name}. */
export interface HardlinkEntry extends EntryCommon {
  readonly kind: "hardlink";
  readonly target: string;
}

/** A device node. */
export interface DeviceEntry extends EntryCommon {
  readonly kind: "device";
  readonly device: "character" | "block";
  readonly major: number;
  readonly minor: number;
}

/** A named pipe. */
export interface FifoEntry extends EntryCommon {
  readonly kind: "fifo";
}

/** One entry of an archive. */
export type Entry = FileEntry | DirectoryEntry | SymlinkEntry | HardlinkEntry | DeviceEntry | FifoEntry;

/** Takes an archive piece by piece, in order. All calls are synchronous, and a throw stops who feeds it. */
export interface TarSink {
  /** An entry begins. */
  begin(entry: Entry): void;
  /** Bytes of the file that began, to stand at `offset`; holes are passed over. Only good during the call. */
  data(bytes: Uint8Array, offset: number): void;
  /** The entry that began is complete. */
  end(): void;
}
