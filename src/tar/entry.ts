/**
 * The entries of a tar archive.
 *
 * @module
 */

/** A time: whole seconds since 1970, possibly negative, plus 0 to 999999999 nanoseconds. */
export interface TarTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/**
 * A region of a sparse file that has bytes in the archive; the gaps between regions are holes, which read as
 * zeros.
 */
export interface SparseRegion {
  readonly offset: number;
  readonly length: number;
}

/** The metadata of all entries. Names are strings that preserve every byte, see `name.ts`. */
export interface EntryCommon {
  /** The path in the archive, unchanged: it may be absolute, contain `..`, or end in a slash. */
  readonly name: string;
  /** Permission bits including setuid, setgid and sticky, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly userName: string;
  readonly groupName: string;
  readonly mtime: TarTime;
  /** Extended attributes by full name, for example `security.capability`. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

/** A regular file; its content follows the entry. */
export interface FileEntry extends EntryCommon {
  readonly kind: "file";
  /** Bytes including holes. */
  readonly size: number;
  /** The regions of a sparse file in ascending order; undefined for an ordinary file. */
  readonly sparse?: readonly SparseRegion[];
}

/** A directory. */
export interface DirectoryEntry extends EntryCommon {
  readonly kind: "directory";
}

/** A symbolic link; its target is not validated. */
export interface SymlinkEntry extends EntryCommon {
  readonly kind: "symlink";
  readonly target: string;
}

/** A hard link to an earlier file. `target` is a path like {@linkcode EntryCommon.name}. */
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

/**
 * Receives the entries of an archive in order. All calls are synchronous; an error that one throws stops the
 * parser.
 */
export interface TarSink {
  /** Begins an entry. */
  begin(entry: Entry): void;
  /**
   * Receives bytes of the current file, which belong at `offset`; holes have no call. Valid only during the
   * call.
   */
  data(bytes: Uint8Array, offset: number): void;
  /** Ends the current entry. */
  end(): void;
}
