/**
 * The complete tree file system. Every call is relative to an open directory (openat(2) and related calls),
 * so that a concurrent process that replaces a directory by a symlink can't redirect it outside the root.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import type { TarTime } from "../../tar/entry.ts";
import { decodeName } from "../../tar/name.ts";
import { fsError } from "./fs_error.ts";
import {
  C,
  deviceNumber,
  DIRENT_BYTES,
  type Libc,
  NameBuffer,
  O_DIRECTORY,
  O_NOFOLLOW,
  readDirents,
  REFUSALS,
  StatxBuffer,
  TimesBuffer,
} from "./libc.ts";
import { LibcFile } from "./libc_file.ts";
import { LibcXattrs } from "./libc_xattrs.ts";
import {
  type DirectoryMetadata,
  type NewFile,
  type NodeKind,
  type NodeSpec,
  SELF,
  type TreeFs,
} from "./tree_fs.ts";

const DIRECTORY_FLAGS = C.O_PATH | O_DIRECTORY | O_NOFOLLOW | C.O_CLOEXEC;
const NEW_FILE_FLAGS = C.O_WRONLY | C.O_CREAT | C.O_EXCL | O_NOFOLLOW | C.O_CLOEXEC;

/** Represents an open directory by its descriptor, opened with `O_PATH`. */
export class LibcFs implements TreeFs<number> {
  readonly isComplete = true;
  readonly #libc: Libc;
  readonly #xattrs: LibcXattrs;
  readonly #stat = new StatxBuffer();
  readonly #times = new TimesBuffer();
  readonly #name = new NameBuffer();
  /** For calls with two names. */
  readonly #otherName = new NameBuffer();

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#xattrs = new LibcXattrs(libc);
  }

  openRoot(path: string): number {
    const flags = C.O_PATH | O_DIRECTORY | C.O_CLOEXEC;
    const fd = this.#libc.call.openat(C.AT_FDCWD, this.#name.of(path), flags, 0);
    return fd < 0 ? this.#fail("open directory", path) : fd;
  }

  openDirectory(parent: number, name: string): number | undefined {
    const fd = this.#libc.call.openat(parent, this.#name.of(name), DIRECTORY_FLAGS, 0);
    if (fd >= 0) return fd;
    this.#unless("open directory", name, "ENOENT", "ENOTDIR", "ELOOP");
    return undefined;
  }

  close(directory: number): void {
    this.#libc.call.close(directory);
  }

  kindOf(parent: number, name: string): NodeKind | undefined {
    if (this.#statx(parent, name) < 0) {
      this.#unless("stat", name, "ENOENT");
      return undefined;
    }
    switch (this.#stat.mode - this.#stat.mode % 0o10000) {
      case C.S_IFDIR:
        return "directory";
      case C.S_IFREG:
        return "file";
      case C.S_IFLNK:
        return "symlink";
      default:
        return "other";
    }
  }

  readLink(parent: number, name: string): string {
    const text = new Uint8Array(4 * KIB);
    const length = Number(this.#libc.call.readlinkat(parent, this.#name.of(name), text, BigInt(text.length)));
    return length < 0 ? this.#fail("read link", name) : decodeName(text.subarray(0, length));
  }

  listNames(directory: number): string[] {
    // Reopen the directory, because an O_PATH descriptor can't be read.
    const flags = C.O_RDONLY | O_DIRECTORY | C.O_CLOEXEC;
    const fd = this.#libc.call.openat(directory, this.#name.of(SELF), flags, 0);
    if (fd < 0) this.#fail("read directory", SELF);
    try {
      const names: string[] = [];
      const records = new Uint8Array(DIRENT_BYTES);
      for (;;) {
        const length = Number(this.#libc.call.getdents64(fd, records, BigInt(records.length)));
        if (length < 0) this.#fail("read directory", SELF);
        if (length === 0) return names;
        for (const name of readDirents(records.subarray(0, length))) {
          if (name !== "." && name !== "..") names.push(name);
        }
      }
    } finally {
      this.#libc.call.close(fd);
    }
  }

  metadataOf(directory: number): DirectoryMetadata {
    if (this.#statx(directory, SELF) < 0) this.#fail("stat", SELF);
    const { mode, uid, gid, mtimeSeconds: seconds, mtimeNanoseconds: nanoseconds } = this.#stat;
    const xattrs = this.#xattrs.read(directory, SELF);
    return { mode: mode % 0o10000, uid, gid, mtime: { seconds, nanoseconds }, xattrs };
  }

  makeDirectory(parent: number, name: string): boolean {
    const result = this.#libc.call.mkdirat(parent, this.#name.of(name), 0o700);
    return result === 0 || !this.#unless("make directory", name, "EEXIST");
  }

  createFile(parent: number, name: string, mode: number): NewFile | undefined {
    // Setuid, setgid and sticky bits are set later, after the owner.
    const fd = this.#libc.call.openat(parent, this.#name.of(name), NEW_FILE_FLAGS, mode % 0o1000);
    if (fd < 0) {
      this.#unless("create file", name, "EEXIST");
      return undefined;
    }
    return new LibcFile(this.#libc, { fd, name, stat: this.#stat, times: this.#times });
  }

  makeSymlink(parent: number, name: string, target: string): boolean {
    const result = this.#libc.call.symlinkat(this.#otherName.of(target), parent, this.#name.of(name));
    return result === 0 || !this.#unless("make symlink", name, "EEXIST");
  }

  makeLink(from: number, fromName: string, parent: number, name: string): "created" | "exists" | "missing" {
    const fromBytes = this.#otherName.of(fromName);
    const result = this.#libc.call.linkat(from, fromBytes, parent, this.#name.of(name), 0);
    if (result === 0) return "created";
    return this.#unless("make hard link", name, "EEXIST", "ENOENT") === "EEXIST" ? "exists" : "missing";
  }

  makeNode(parent: number, name: string, node: NodeSpec): "created" | "exists" | "refused" {
    const type = node.kind === "fifo" ? C.S_IFIFO : node.kind === "block" ? C.S_IFBLK : C.S_IFCHR;
    const device = node.kind === "fifo" ? 0n : deviceNumber(node.major, node.minor);
    if (this.#libc.call.mknodat(parent, this.#name.of(name), type + 0o600, device) === 0) return "created";
    return this.#unless("make node", name, "EEXIST", ...REFUSALS) === "EEXIST" ? "exists" : "refused";
  }

  removeTree(parent: number, name: string): void {
    const { call } = this.#libc;
    if (call.unlinkat(parent, this.#name.of(name), 0) === 0) return;
    const errno = this.#libc.errno();
    if (errno === "ENOENT") return;
    const directory = this.openDirectory(parent, name);
    if (directory === undefined) throw fsError("remove", name, errno);
    try {
      for (const child of this.listNames(directory)) this.removeTree(directory, child);
    } finally {
      this.close(directory);
    }
    if (call.unlinkat(parent, this.#name.of(name), C.AT_REMOVEDIR) < 0) this.#fail("remove", name);
  }

  setOwner(parent: number, name: string, uid: number, gid: number): boolean {
    const result = this.#libc.call.fchownat(parent, this.#name.of(name), uid, gid, C.AT_SYMLINK_NOFOLLOW);
    return result === 0 || !this.#unless("set owner of", name, ...REFUSALS);
  }

  setMode(parent: number, name: string, mode: number): void {
    if (this.#libc.call.fchmodat(parent, this.#name.of(name), mode, 0) < 0) this.#fail("set mode of", name);
  }

  setTime(parent: number, name: string, time: TarTime): void {
    const { call } = this.#libc;
    const result = call.utimensat(parent, this.#name.of(name), this.#times.of(time), C.AT_SYMLINK_NOFOLLOW);
    if (result < 0) this.#fail("set time of", name);
  }

  setXattr(parent: number, name: string, key: string, value: Uint8Array): boolean {
    const errno = this.#xattrs.set(parent, name, key, value);
    if (errno === undefined) return true;
    if (REFUSALS.has(errno)) return false;
    throw fsError(`set xattr "${key}" of`, name, errno);
  }

  clearXattrs(parent: number, name: string): void {
    this.#xattrs.clear(parent, name);
  }

  #statx(parent: number, name: string): number {
    const { call } = this.#libc;
    return call.statx(
      parent,
      this.#name.of(name),
      C.AT_SYMLINK_NOFOLLOW,
      C.STATX_BASIC_STATS,
      this.#stat.bytes,
    );
  }

  /** Returns the errno of the failed call if it is one of `expected`; throws it otherwise. */
  #unless(operation: string, name: string, ...expected: readonly string[]): string {
    const errno = this.#libc.errno();
    if (!expected.includes(errno)) throw fsError(operation, name, errno);
    return errno;
  }

  #fail(operation: string, name: string): never {
    throw fsError(operation, name, this.#libc.errno());
  }
}
