/**
 * A tree in memory, without the files' contents: what a root file system would look like, found out by the very code
 * that writes one. Exports and comparisons stand on it; it needs no rights and leaves nothing out.
 *
 * @module
 */
import type { TarTime } from "../../tar/entry.ts";
import {
  createdAt,
  type DirectoryMetadata,
  type NewFile,
  type NodeKind,
  type NodeSpec,
  SELF,
  type TreeFs,
} from "./tree_fs.ts";

/** What everything in the tree has. */
interface Inode {
  mode: number;
  uid: number;
  gid: number;
  mtime: TarTime;
  readonly xattrs: Map<string, Uint8Array>;
  /** Whether an entry was about it, or it is only there because something is below it. */
  isKnown: boolean;
}

/** A directory. */
export interface MemoryDirectory extends Inode {
  readonly kind: "directory";
  readonly children: Map<string, MemoryNode>;
}

/** A file; several names of one file are one object. */
export interface MemoryFile extends Inode {
  readonly kind: "file";
  /** Counts all files that were ever made in the tree: the same layers give the same numbers again. */
  readonly number: number;
  /** Bytes, holes included. */
  size: number;
}

/** A symbolic link. */
export interface MemorySymlink extends Inode {
  readonly kind: "symlink";
  readonly target: string;
}

/** A device or FIFO. */
export interface MemorySpecial extends Inode {
  readonly kind: "other";
  readonly node: NodeSpec;
}

/** Anything in the tree. */
export type MemoryNode = MemoryDirectory | MemoryFile | MemorySymlink | MemorySpecial;

/** Takes the content of a file that is being made. It may be one that a later layer hides again. */
export interface ContentListener {
  /** Bytes at an offset; only good during the call. */
  data(file: number, bytes: Uint8Array, offset: number): void;
  /** The file is complete. */
  end(file: number): void;
}

const UNHEARD: ContentListener = { data() {}, end() {} };

/** The calls of the applier on a tree in memory. */
export class MemoryFs implements TreeFs<MemoryDirectory> {
  readonly isComplete = true;
  /** The root of the only tree. */
  readonly root: MemoryDirectory = { ...newInode(0o755), kind: "directory", children: new Map() };
  readonly #listener: ContentListener;
  #files = 0;

  /** @param listener hears the contents, which are not kept */
  constructor(listener: ContentListener = UNHEARD) {
    this.#listener = listener;
  }

  openRoot(): MemoryDirectory {
    return this.root;
  }

  openDirectory(parent: MemoryDirectory, name: string): MemoryDirectory | undefined {
    const node = nodeAt(parent, name);
    return node?.kind === "directory" ? node : undefined;
  }

  close(): void {}

  kindOf(parent: MemoryDirectory, name: string): NodeKind | undefined {
    return nodeAt(parent, name)?.kind;
  }

  readLink(parent: MemoryDirectory, name: string): string {
    const node = nodeAt(parent, name);
    return node?.kind === "symlink" ? node.target : "";
  }

  listNames(directory: MemoryDirectory): string[] {
    return [...directory.children.keys()];
  }

  factsOf(directory: MemoryDirectory): DirectoryMetadata {
    return directory;
  }

  makeDirectory(parent: MemoryDirectory, name: string): boolean {
    return add(parent, name, () => ({ ...newInode(0o700), kind: "directory", children: new Map() }));
  }

  createFile(parent: MemoryDirectory, name: string): NewFile | undefined {
    if (parent.children.has(name)) return undefined;
    const file: MemoryFile = { ...newInode(0o600), kind: "file", number: this.#files++, size: 0 };
    parent.children.set(name, file);
    const listener = this.#listener;
    return {
      ...createdAt(this, parent, name),
      write(bytes, offset) {
        file.size = Math.max(file.size, offset + bytes.length);
        listener.data(file.number, bytes, offset);
      },
      setSize(size) {
        file.size = size;
      },
      close: () => listener.end(file.number),
    };
  }

  makeSymlink(parent: MemoryDirectory, name: string, target: string): boolean {
    return add(parent, name, () => ({ ...newInode(0o777), kind: "symlink", target }));
  }

  makeLink(
    from: MemoryDirectory,
    fromName: string,
    parent: MemoryDirectory,
    name: string,
  ): "made" | "taken" | "missing" {
    const node = from.children.get(fromName);
    if (node === undefined || node.kind === "directory") return "missing";
    return add(parent, name, () => node) ? "made" : "taken";
  }

  makeNode(parent: MemoryDirectory, name: string, node: NodeSpec): "made" | "taken" {
    return add(parent, name, () => ({ ...newInode(0o600), kind: "other", node })) ? "made" : "taken";
  }

  removeTree(parent: MemoryDirectory, name: string): void {
    parent.children.delete(name);
  }

  setOwner(parent: MemoryDirectory, name: string, uid: number, gid: number): boolean {
    change(parent, name, (node) => {
      node.uid = uid;
      node.gid = gid;
      node.isKnown = true;
    });
    return true;
  }

  setMode(parent: MemoryDirectory, name: string, mode: number): void {
    change(parent, name, (node) => node.mode = mode);
  }

  setTime(parent: MemoryDirectory, name: string, time: TarTime): void {
    change(parent, name, (node) => node.mtime = time);
  }

  setXattr(parent: MemoryDirectory, name: string, key: string, value: Uint8Array): boolean {
    change(parent, name, (node) => node.xattrs.set(key, value.slice()));
    return true;
  }

  clearXattrs(parent: MemoryDirectory, name: string): void {
    change(parent, name, (node) => node.xattrs.clear());
  }
}

function newInode(mode: number): Inode {
  return { mode, uid: 0, gid: 0, mtime: { seconds: 0, nanoseconds: 0 }, xattrs: new Map(), isKnown: false };
}

function nodeAt(parent: MemoryDirectory, name: string): MemoryNode | undefined {
  return name === SELF ? parent : parent.children.get(name);
}

function add(parent: MemoryDirectory, name: string, make: () => MemoryNode): boolean {
  if (parent.children.has(name)) return false;
  parent.children.set(name, make());
  return true;
}

function change(parent: MemoryDirectory, name: string, effect: (node: MemoryNode) => void): void {
  const node = nodeAt(parent, name);
  if (node !== undefined) effect(node);
}
