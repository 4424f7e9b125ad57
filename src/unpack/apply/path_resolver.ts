/**
 * Resolves paths inside a root directory, one segment at a time, like a process that has called chroot: a
 * symlink is followed inside the tree, an absolute target starts again at the root, and `..` stops at the
 * root. Real images need symlinks in paths (`lib -> usr/lib`); nothing outside the root can be reached.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { keyOf, type PathSegments } from "./entry_path.ts";
import type { TreeFs } from "../fs/tree_fs.ts";

/** The kernel follows the same number of symlinks in one path (path_resolution(7)). */
export const SYMLINKS_MAX = 40;

/** How to handle a missing segment. */
export type OnMissing =
  /** Stop: `resolve` returns undefined. */
  | { readonly kind: "stop" }
  /** Create a directory, and report its path. */
  | { readonly kind: "create"; readonly onCreated: (segments: PathSegments) => void };

/**
 * Limits how deep directories can be nested. The length of names permits 2048 levels, and symlinks even more.
 * Each level takes a file descriptor, also when the tree is removed. Real trees have fewer than 50 levels.
 */
const DEPTH_MAX = 256;

/** An open directory and its path. */
export interface ResolvedDirectory<Dir> {
  readonly directory: Dir;
  /** The path after all symlinks have been followed. */
  readonly segments: PathSegments;
}

/**
 * Resolves paths. It keeps the last directory and its parents open, because the next entry is often in it.
 */
export class PathResolver<Dir> implements Disposable {
  readonly #fs: TreeFs<Dir>;
  readonly #root: Dir;
  readonly #lowerSymlinks: ReadonlyMap<string, string>;
  /**
   * Open directories from the root down. None was reached through a symlink, so a path with the same start
   * can reuse them.
   */
  readonly #path: { readonly segment: string; readonly directory: Dir }[] = [];

  /**
   * @param root the caller closes it
   * @param lowerSymlinks symlinks of lower layers that are missing in this tree: path to target
   */
  constructor(fs: TreeFs<Dir>, root: Dir, lowerSymlinks: ReadonlyMap<string, string> = new Map()) {
    this.#fs = fs;
    this.#root = root;
    this.#lowerSymlinks = lowerSymlinks;
  }

  /**
   * Resolves the path of a directory. The result is valid until the next call.
   *
   * @returns undefined if a segment is missing and `onMissing` is "stop"
   * @throws AppError `invalid_content` for too many symlinks, or for a directory to create below a file;
   * `limit_exceeded` for more than 256 nested directories
   */
  resolve(segments: PathSegments, onMissing: OnMissing): ResolvedDirectory<Dir> | undefined {
    let depth = this.#sharedDepth(segments);
    /** The segments still to resolve, the next one last. */
    const remaining = segments.slice(depth).reverse();
    this.#truncate(depth);
    for (let symlinks = 0; remaining.length > 0;) {
      const segment = remaining.pop() ?? "";
      if (segment === "" || segment === ".") continue;
      if (segment === "..") {
        this.#truncate(depth = Math.max(0, depth - 1));
        continue;
      }
      if (this.#enter(segment)) {
        depth++;
        continue;
      }
      const target = this.#symlinkAt(segment, onMissing);
      if (target !== undefined) {
        if (++symlinks > SYMLINKS_MAX) {
          throw this.#error(segment, `the path has more than ${SYMLINKS_MAX} symlinks`);
        }
        if (target.startsWith("/")) this.#truncate(depth = 0);
        remaining.push(...target.split("/").reverse());
        continue;
      }
      if (onMissing.kind === "stop") return undefined;
      this.#fs.makeDirectory(this.#top(), segment);
      if (!this.#enter(segment)) throw this.#error(segment, "the directory is missing after it was created");
      depth++;
      onMissing.onCreated(this.#segments());
    }
    return { directory: this.#top(), segments: this.#segments() };
  }

  /** Closes the open directories, because one of them may have been removed. */
  reset(): void {
    this.#truncate(0);
  }

  /** Closes the open directories. */
  [Symbol.dispose](): void {
    this.reset();
  }

  #sharedDepth(segments: PathSegments): number {
    let depth = 0;
    while (depth < this.#path.length && this.#path[depth]?.segment === segments[depth]) depth++;
    return depth;
  }

  #top(): Dir {
    return this.#path.at(-1)?.directory ?? this.#root;
  }

  #segments(): PathSegments {
    return this.#path.map(({ segment }) => segment);
  }

  #truncate(depth: number): void {
    while (this.#path.length > depth) {
      const last = this.#path.pop();
      if (last !== undefined) this.#fs.close(last.directory);
    }
  }

  #enter(segment: string): boolean {
    const directory = this.#fs.openDirectory(this.#top(), segment);
    if (directory === undefined) return false;
    if (this.#path.length === DEPTH_MAX) {
      this.#fs.close(directory);
      throw new AppError(
        "limit_exceeded",
        `Cannot unpack: directories are nested deeper than ${DEPTH_MAX}`,
        { details: { limit: "depth", most: DEPTH_MAX } },
      );
    }
    this.#path.push({ segment, directory });
    return true;
  }

  /** The target of a symlink, or undefined if the segment is missing. */
  #symlinkAt(segment: string, onMissing: OnMissing): string | undefined {
    const kind = this.#fs.kindOf(this.#top(), segment);
    if (kind === "symlink") return this.#fs.readLink(this.#top(), segment);
    if (kind === undefined) return this.#lowerSymlinks.get(keyOf([...this.#segments(), segment]));
    // For lookups, a path below a regular file simply doesn't exist.
    if (onMissing.kind === "stop") return undefined;
    throw this.#error(segment, "it is not a directory");
  }

  #error(segment: string, cause: string): AppError {
    const path = keyOf([...this.#segments(), segment]);
    return new AppError("invalid_content", `Cannot unpack below ${JSON.stringify(path)}: ${cause}`);
  }
}
