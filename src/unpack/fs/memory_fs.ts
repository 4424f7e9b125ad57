/**
 * A tree file system in memory, without file contents. The applier runs on it as on a disk, so its result is
 * the same tree. Exports and comparisons use it, because it needs no privileges and never skips an entry.
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

/** The metadata of all nodes. */
interface Inode {
  mode: number;
  uid: number;
  gid: number;
  mtime: TarTime;
  readonly xattrs: Map<string, Uint8Array>;
  /** Whether a layer has an entry for the node. It is false for implicit parents. */
  hasEntry: boolean;
}

/** A directory. */
export interface MemoryDirectory extends Inode {
  readonly kind: "directory";
  readonly children: Map<string, MemoryNode>;
}

/** A file. All hard links to it share one object. */
export interface MemoryFile extends Inode {
  readonly kind: "file";
  /** The position of the file among all files created in the tree. The same layers give the same numbers. */
  readonly number: number;
  /** Bytes, including holes. */
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

/** Any node of the tree. */
export type MemoryNode = MemoryDirectory | MemoryFile | MemorySymlink | MemorySpecial;

/** Receives the contents of created files, including files that a later layer hides. */
export interface ContentListener {
  /** Bytes at an offset, valid only during the call. */
  data(file: number, bytes: Uint8Array, offset: number): void;
  /** The file is complete. */
  end(file: number): void;
}

const IGNORE: ContentListener = { data() {}, end() {} };

/** A tree in memory. */
export class MemoryFs implements TreeFs<MemoryDirectory> {
  readonly isComplete = true;
  /** The root. */
  readonly root: MemoryDirectory = { ...newInode(0o755), kind: "directory", children: new Map() };
  readonly #listener: ContentListener;
  #files = 0;

  /** @param listener receives the file contents, which are not retained */
  constructor(listener: ContentListener = IGNORE) {
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

  metadataOf(directory: MemoryDirectory): DirectoryMetadata {
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
  ): "created" | "exists" | "missing" {
    const node = from.children.get(fromName);
    if (node === undefined || node.kind === "directory") return "missing";
    return add(parent, name, () => node) ? "created" : "exists";
  }

  makeNode(parent: MemoryDirectory, name: string, node: NodeSpec): "created" | "exists" {
    return add(parent, name, () => ({ ...newInode(0o600), kind: "other", node })) ? "created" : "exists";
  }

  removeTree(parent: MemoryDirectory, name: string): void {
    parent.children.delete(name);
  }

  setOwner(parent: MemoryDirectory, name: string, uid: number, gid: number): boolean {
    change(parent, name, (node) => {
      node.uid = uid;
      node.gid = gid;
      node.hasEntry = true;
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
  return { mode, uid: 0, gid: 0, mtime: { seconds: 0, nanoseconds: 0 }, xattrs: new Map(), hasEntry: false };
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
