/**
 * The file system by Deno's own calls: no xattrs, no nodes, no names that are not UTF-8, times to the millisecond and
 * before 1970 to the second.
 *
 * It goes by paths, each built from directories that were found with `lstat` one step at a time. Between the look and
 * the use nobody else may write to the tree; the complete file system does not need that.
 *
 * @module
 */
import type { TarTime } from "../../tar/entry.ts";
import { errnoOf, fsError } from "./fs_error.ts";
import { createdAt, type DirectoryMetadata, type NewFile, type NodeKind, type TreeFs } from "./tree_fs.ts";

/** Runs a call; a failure with an expected errno gives that errno. */
function attempt<T>(action: string, name: string, expected: readonly string[], call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    const errno = errnoOf(error);
    if (expected.includes(errno)) return undefined;
    throw fsError(action, name, errno, error);
  }
}

function kindOfInfo(info: Deno.FileInfo): NodeKind {
  if (info.isSymlink) return "symlink";
  if (info.isDirectory) return "directory";
  return info.isFile ? "file" : "other";
}

type NodeFs = Pick<typeof import("node:fs"), "lchownSync" | "lutimesSync">;

/** Seconds that a Date can hold, a little less than 8.64e15 ms. File systems hold far fewer. */
const DATE_MAX_SECONDS = 8e12;

/** A directory is its path. */
export class DenoFs implements TreeFs<string> {
  readonly isComplete = false;
  readonly #node: NodeFs;

  private constructor(node: NodeFs) {
    this.#node = node;
  }

  /** Loads what it needs: in a bundle of one file an import at its top would slow every start by 20 ms. */
  static async open(): Promise<DenoFs> {
    // The default export: Deno 2.6 has no `lchownSync` among the named ones.
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
    const info = attempt("look at", name, ["ENOENT"], () => Deno.lstatSync(`${parent}/${name}`));
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

  factsOf(directory: string): DirectoryMetadata {
    const info = this.#do("look at", directory, () => Deno.lstatSync(directory));
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
    return this.#isMade("make directory", name, () => Deno.mkdirSync(`${parent}/${name}`, { mode: 0o700 }));
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
    return this.#isMade("make symlink", name, () => Deno.symlinkSync(target, `${parent}/${name}`));
  }

  makeLink(from: string, fromName: string, parent: string, name: string): "made" | "taken" | "missing" {
    if (this.kindOf(from, fromName) === undefined) return "missing";
    const link = () => Deno.linkSync(`${from}/${fromName}`, `${parent}/${name}`);
    return this.#isMade("make hard link", name, link) ? "made" : "taken";
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
    // Whole seconds before 1970: a fraction there is EINVAL. A Date, since Node takes a negative number for "now".
    const fraction = time.seconds < 0 ? 0 : Math.floor(time.nanoseconds / 1e6);
    const seconds = Math.max(-DATE_MAX_SECONDS, Math.min(DATE_MAX_SECONDS, time.seconds));
    const date = new Date(seconds * 1000 + fraction);
    this.#do("set time of", name, () => this.#node.lutimesSync(`${parent}/${name}`, date, date));
  }

  setXattr(): boolean {
    return false;
  }

  clearXattrs(): void {}

  #do<T>(action: string, name: string, call: () => T): T {
    return attempt(action, name, [], call) as T;
  }

  #isMade(action: string, name: string, call: () => void): boolean {
    return attempt(action, name, ["EEXIST"], () => {
      call();
      return true;
    }) ?? false;
  }
}
