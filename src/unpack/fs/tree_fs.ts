/**
 * What the applier wants of a file system. Two implementations: one over libc, complete; one over Deno's own calls,
 * for when FFI is not allowed.
 *
 * Every call names a directory that was opened step by step from the root without following a link, and one name in
 * it: there is no way to say a path that leads out. No call follows a link in the last place either.
 *
 * @module
 */
import type { TarTime } from "../../tar/entry.ts";

/** What a name stands for. */
export type NodeKind = "file" | "directory" | "symlink" | "other";

/** Device nodes and FIFOs. */
export type NodeSpec =
  | { readonly kind: "fifo" }
  | { readonly kind: "character" | "block"; readonly major: number; readonly minor: number };

/** What a directory has beside its entries. */
export interface DirectoryMetadata {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: TarTime;
  /** Undefined where they can't be read. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
}

/** A thing that was made, and what can be set on it. */
export interface CreatedNode {
  /** False without the right to. */
  setOwner(uid: number, gid: number): boolean;
  /** Not for symlinks: they have none. */
  setMode(mode: number): void;
  /** False without the right to, or on a file system that has none. */
  setXattr(key: string, value: Uint8Array): boolean;
  /** Sets access and modification time. */
  setTime(time: TarTime): void;
}

/** A new file, open for writing. */
export interface NewFile extends CreatedNode {
  /** Writes all the bytes at an offset. */
  write(bytes: Uint8Array, offset: number): void;
  /** Makes the file this long: a hole at the end has no bytes to write. */
  setSize(size: number): void;
  close(): void;
}

/**
 * Synchronous calls on one tree. All throw AppError: `no_space`, `permission_denied`, `invalid_content` for what the
 * file system can't hold, each with `details.errno`.
 *
 * `Dir` stands for an open directory; each one is closed by who opened it.
 */
export interface TreeFs<Dir> {
  /** Whether xattrs, device nodes and names of any bytes can be made; else they must be left out. */
  readonly isComplete: boolean;
  /** Opens the root of a tree; the path may hold links. */
  openRoot(path: string): Dir;
  /** Opens a directory in a directory; undefined if the name is none, or a link, or not there. */
  openDirectory(parent: Dir, name: string): Dir | undefined;
  close(directory: Dir): void;
  /** What the name stands for; undefined if it is not there. */
  kindOf(parent: Dir, name: string): NodeKind | undefined;
  /** The text of a symlink. */
  readLink(parent: Dir, name: string): string;
  /** The names in a directory. */
  listNames(directory: Dir): string[];
  /** Facts about a directory itself. */
  factsOf(directory: Dir): DirectoryMetadata;

  /** Makes a directory that only we can use; false if the name is taken. */
  makeDirectory(parent: Dir, name: string): boolean;
  /**
   * Makes a file; undefined if the name is taken.
   *
   * @param mode what the file shall have in the end: it may have a part of that from the start, and no more
   */
  createFile(parent: Dir, name: string, mode: number): NewFile | undefined;
  /** Makes a symlink; false if the name is taken. */
  makeSymlink(parent: Dir, name: string, target: string): boolean;
  /** Makes a further name of a file; "missing" if there is no such file. */
  makeLink(from: Dir, fromName: string, parent: Dir, name: string): "made" | "taken" | "missing";
  /** Makes a node; "refused" without the right to. */
  makeNode(parent: Dir, name: string, node: NodeSpec): "made" | "taken" | "refused";

  /** Removes a name and all that is below it. */
  removeTree(parent: Dir, name: string): void;

  /** False without the right to. */
  setOwner(parent: Dir, name: string, uid: number, gid: number): boolean;
  /** Not for symlinks: they have none. */
  setMode(parent: Dir, name: string, mode: number): void;
  /** Sets access and modification time. */
  setTime(parent: Dir, name: string, time: TarTime): void;
  /** False without the right to, or on a file system that has none. */
  setXattr(parent: Dir, name: string, key: string, value: Uint8Array): boolean;
  /** Removes all xattrs that may be removed, but for those of the host's own policy. */
  clearXattrs(parent: Dir, name: string): void;
}

/** The name by which calls mean the directory itself. */
export const SELF = ".";

/** What was made at a name. */
export function createdAt<Dir>(fs: TreeFs<Dir>, parent: Dir, name: string): CreatedNode {
  return {
    setOwner: (uid, gid) => fs.setOwner(parent, name, uid, gid),
    setMode: (mode) => fs.setMode(parent, name, mode),
    setXattr: (key, value) => fs.setXattr(parent, name, key, value),
    setTime: (time) => fs.setTime(parent, name, time),
  };
}
