/**
 * A tree file system on Deno's own calls. It has no xattrs, no device nodes or FIFOs, and no names that are
 * not UTF-8; times have milliseconds, or whole seconds before 1970.
 *
 * It uses paths, built from directories that were checked with `lstat` one segment at a time. No other
 * process may write to the tree between the check and the use; the libc implementation does not have this
 * limitation.
 *
 * @module
 */
import type { TarTime } from "../../tar/entry.ts";
import { errnoOf, fsError } from "./fs_error.ts";
import { createdAt, type DirectoryMetadata, type NewFile, type NodeKind, type TreeFs } from "./tree_fs.ts";

/** Runs a call. Returns undefined if it fails with an expected errno. */
function attempt<T>(
  operation: string,
  name: string,
  expected: readonly string[],
  call: () => T,
): T | undefined {
  try {
    return call();
  } catch (error) {
    const errno = errnoOf(error);
    if (expected.includes(errno)) return undefined;
    throw fsError(operation, name, errno, error);
  }
}

function kindOfInfo(info: Deno.FileInfo): NodeKind {
  if (info.isSymlink) return "symlink";
  if (info.isDirectory) return "directory";
  return info.isFile ? "file" : "other";
}

type NodeFs = Pick<typeof import("node:fs"), "lchownSync" | "lutimesSync">;

/** A Date holds up to 8.64e15 ms. File systems hold far less. */
const DATE_MAX_SECONDS = 8e12;

/** A directory is its path. */
export class DenoFs implements TreeFs<string> {
  readonly isComplete = false;
  readonly #node: NodeFs;

  private constructor(node: NodeFs) {
    this.#node = node;
  }

  /** Loads `node:fs` on first use: as a static import it would slow every start by 20 ms. */
  static async open(): Promise<DenoFs> {
    // The default export, because Deno 2.6 doesn't export `lchownSync` by name.
    return new DenoFs((await import("node:fs")).default);
  }

  openRoot(path: string): string {
    attempt("open directory", path, [], () => [...Deno.readDirSync(path)].length);
    return path;
  }

  openDirectory(parent: string, name: string): string | undefined {
    return this.kindOf(parent, name) === "directory" ? `${parent}/${name}` : undefined;
  }

  close(): void {}

  kindOf(parent: string, name: string): NodeKind | undefined {
    const info = attempt("stat", name, ["ENOENT"], () => Deno.lstatSync(`${parent}/${name}`));
    return info && kindOfInfo(info);
  }

  readLink(parent: string, name: string): string {
    return this.#do("read link", name, () => Deno.readLinkSync(`${parent}/${name}`));
  }

  listNames(directory: string): string[] {
    return this.#do(
      "read directory",
      directory,
      () => Array.from(Deno.readDirSync(directory), (e) => e.name),
    );
  }

  metadataOf(directory: string): DirectoryMetadata {
    const info = this.#do("stat", directory, () => Deno.lstatSync(directory));
    const milliseconds = info.mtime?.getTime() ?? 0;
    const seconds = Math.floor(milliseconds / 1000);
    return {
      mode: (info.mode ?? 0o755) % 0o10000,
      uid: info.uid ?? 0,
      gid: info.gid ?? 0,
      mtime: { seconds, nanoseconds: Math.floor(milliseconds - seconds * 1000) * 1e6 },
    };
  }

  makeDirectory(parent: string, name: string): boolean {
    return this.#isCreated(
      "make directory",
      name,
      () => Deno.mkdirSync(`${parent}/${name}`, { mode: 0o700 }),
    );
  }

  createFile(parent: string, name: string): NewFile | undefined {
    const options = { write: true, createNew: true, mode: 0o600 };
    const file = attempt("create file", name, ["EEXIST"], () => Deno.openSync(`${parent}/${name}`, options));
    if (file === undefined) return undefined;
    let position = 0;
    return {
      ...createdAt(this, parent, name),
      write: (bytes, offset) =>
        this.#do("write to", name, () => {
          if (offset !== position) file.seekSync(offset, Deno.SeekMode.Start);
          for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
          position = offset + bytes.length;
        }),
      setSize: (size) => this.#do("write to", name, () => file.truncateSync(size)),
      close: () => file.close(),
    };
  }

  makeSymlink(parent: string, name: string, target: string): boolean {
    return this.#isCreated("make symlink", name, () => Deno.symlinkSync(target, `${parent}/${name}`));
  }

  makeLink(from: string, fromName: string, parent: string, name: string): "created" | "exists" | "missing" {
    if (this.kindOf(from, fromName) === undefined) return "missing";
    const link = () => Deno.linkSync(`${from}/${fromName}`, `${parent}/${name}`);
    return this.#isCreated("make hard link", name, link) ? "created" : "exists";
  }

  makeNode(): "refused" {
    return "refused";
  }

  removeTree(parent: string, name: string): void {
    attempt("remove", name, ["ENOENT"], () => Deno.removeSync(`${parent}/${name}`, { recursive: true }));
  }

  setOwner(parent: string, name: string, uid: number, gid: number): boolean {
    const done = attempt("set owner of", name, ["EPERM", "EINVAL", "EACCES"], () => {
      this.#node.lchownSync(`${parent}/${name}`, uid, gid);
      return true;
    });
    return done ?? false;
  }

  setMode(parent: string, name: string, mode: number): void {
    this.#do("set mode of", name, () => Deno.chmodSync(`${parent}/${name}`, mode));
  }

  setTime(parent: string, name: string, time: TarTime): void {
    // Before 1970 a fraction fails with EINVAL. Use a Date, because node:fs treats a negative number as
    // "now".
    const fraction = time.seconds < 0 ? 0 : Math.floor(time.nanoseconds / 1e6);
    const seconds = Math.max(-DATE_MAX_SECONDS, Math.min(DATE_MAX_SECONDS, time.seconds));
    const date = new Date(seconds * 1000 + fraction);
    this.#do("set time of", name, () => this.#node.lutimesSync(`${parent}/${name}`, date, date));
  }

  setXattr(): boolean {
    return false;
  }

  clearXattrs(): void {}

  #do<T>(operation: string, name: string, call: () => T): T {
    return attempt(operation, name, [], call) as T;
  }

  #isCreated(operation: string, name: string, call: () => void): boolean {
    return attempt(operation, name, ["EEXIST"], () => {
      call();
      return true;
    }) ?? false;
  }
}
