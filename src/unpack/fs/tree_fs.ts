/**
 * The file system that the applier uses. There are three implementations: a complete one on libc, one on
 * Deno's own calls for processes without FFI permission, and one in memory.
 *
 * Every call takes an open directory and one name in it. The directory was opened one segment at a time from
 * the root, without following symlinks, so no call can name a path outside the root. No call follows a
 * symlink in the name either.
 *
 * @module
 */
import type { TarTime } from "../../tar/entry.ts";

/** The type of a node. */
export type NodeKind = "file" | "directory" | "symlink" | "other";

/** Device nodes and FIFOs. */
export type NodeSpec =
  | { readonly kind: "fifo" }
  | { readonly kind: "character" | "block"; readonly major: number; readonly minor: number };

/** The metadata of a directory. */
export interface DirectoryMetadata {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: TarTime;
  /** Undefined if the file system can't read them. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
}

/** A created node, with setters for its attributes. */
export interface CreatedNode {
  /** Returns false without permission. */
  setOwner(uid: number, gid: number): boolean;
  /** Not for symlinks, which have no mode. */
  setMode(mode: number): void;
  /** Returns false without permission, or if the file system doesn't support the attribute. */
  setXattr(key: string, value: Uint8Array): boolean;
  /** Sets access and modification time. */
  setTime(time: TarTime): void;
}

/** A new file, open for writing. */
export interface NewFile extends CreatedNode {
  /** Writes all the bytes at an offset. */
  write(bytes: Uint8Array, offset: number): void;
  /** Sets the length of the file, for a hole at its end. */
  setSize(size: number): void;
  close(): void;
}

/**
 * Synchronous calls on one tree. All throw AppError with `details.errno`: `no_space`, `permission_denied`, or
 * `invalid_content` for names and values that the file system can't store.
 *
 * `Dir` is an open directory. The caller that opened it closes it.
 */
export interface TreeFs<Dir> {
  /** Whether xattrs, device nodes and names that are not UTF-8 can be created; if not, they are skipped. */
  readonly isComplete: boolean;
  /** Opens the root of a tree. Symlinks in its path are followed. */
  openRoot(path: string): Dir;
  /**
   * Opens a directory; undefined if the name is missing or is not a directory (a symlink is not followed).
   */
  openDirectory(parent: Dir, name: string): Dir | undefined;
  close(directory: Dir): void;
  /** The type of a node; undefined if the name is missing. */
  kindOf(parent: Dir, name: string): NodeKind | undefined;
  /** The target of a symlink. */
  readLink(parent: Dir, name: string): string;
  /** The names in a directory. */
  listNames(directory: Dir): string[];
  /** The metadata of a directory. */
  metadataOf(directory: Dir): DirectoryMetadata;

  /** Creates a directory with mode 0700; false if the name exists. */
  makeDirectory(parent: Dir, name: string): boolean;
  /**
   * Creates a file; undefined if the name exists.
   *
   * @param mode the final mode, which the caller sets later; until then the file has at most these
   * permissions
   */
  createFile(parent: Dir, name: string, mode: number): NewFile | undefined;
  /** Creates a symlink; false if the name exists. */
  makeSymlink(parent: Dir, name: string, target: string): boolean;
  /** Creates a hard link to `fromName`. */
  makeLink(from: Dir, fromName: string, parent: Dir, name: string): "created" | "exists" | "missing";
  /** Creates a device node or FIFO; "refused" without permission. */
  makeNode(parent: Dir, name: string, node: NodeSpec): "created" | "exists" | "refused";

  /** Removes a name and everything below it. A missing name is not an error. */
  removeTree(parent: Dir, name: string): void;

  /** Returns false without permission. */
  setOwner(parent: Dir, name: string, uid: number, gid: number): boolean;
  /** Not for symlinks, which have no mode. */
  setMode(parent: Dir, name: string, mode: number): void;
  /** Sets access and modification time. */
  setTime(parent: Dir, name: string, time: TarTime): void;
  /** Returns false without permission, or if the file system doesn't support the attribute. */
  setXattr(parent: Dir, name: string, key: string, value: Uint8Array): boolean;
  /** Removes the xattrs that archives can set. Those that can't be removed stay. */
  clearXattrs(parent: Dir, name: string): void;
}

/** As the name in a call: the directory itself. */
export const SELF = ".";

/** The setters for the node at a name. */
export function createdAt<Dir>(fs: TreeFs<Dir>, parent: Dir, name: string): CreatedNode {
  return {
    setOwner: (uid, gid) => fs.setOwner(parent, name, uid, gid),
    setMode: (mode) => fs.setMode(parent, name, mode),
    setXattr: (key, value) => fs.setXattr(parent, name, key, value),
    setTime: (time) => fs.setTime(parent, name, time),
  };
}
