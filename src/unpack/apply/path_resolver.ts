/**
 * Walking from the root to a directory, one segment at a time, as a process would whose root this is: a link on the way
 * is followed inside the tree, an absolute target starts at the root again, and `..` stops there. Real images need
 * that (`lib -> usr/lib`), and nothing outside can be reached by it.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { keyOf, type PathSegments } from "./entry_path.ts";
import type { TreeFs } from "../fs/tree_fs.ts";

/** As many links as the kernel follows in one path. */
const LINKS_MAX = 40;

/** What to do at a segment where nothing is. */
export type OnMissing =
  /** Give up: the caller wants nothing that is not there. */
  | { readonly kind: "stop" }
  /** Make a directory, and tell. */
  | { readonly kind: "make"; readonly made: (segments: PathSegments) => void };

/**
 * Directories in directories. Names are short enough for 2048 by themselves, and links can be used to go on from there:
 * each takes a descriptor, and what can't be walked can't be removed. Real trees stay under 50.
 */
const DEPTH_MAX = 256;

/** A directory that was reached. */
export interface ResolvedDirectory<Dir> {
  readonly directory: Dir;
  /** Where it truly is: no segment of these is a link. */
  readonly segments: PathSegments;
}

/** Walks, and keeps the way open to the last place: the next entry is most often there. */
export class PathResolver<Dir> implements Disposable {
  readonly #fs: TreeFs<Dir>;
  readonly #root: Dir;
  readonly #aliases: ReadonlyMap<string, string>;
  /** The open way below the root. No segment is a link, so a walk that starts the same may go on from it. */
  readonly #way: { readonly segment: string; readonly directory: Dir }[] = [];

  /**
   * @param root stays the caller's to close
   * @param aliases links of layers below that this tree does not have: path to target
   */
  constructor(fs: TreeFs<Dir>, root: Dir, aliases: ReadonlyMap<string, string> = new Map()) {
    this.#fs = fs;
    this.#root = root;
    this.#aliases = aliases;
  }

  /**
   * Walks to a directory. The place is only good until the next walk.
   *
   * @returns undefined if something is missing and `onMissing` says stop
   * @throws AppError `invalid_content` for too many links, or if something shall be made below what is no directory;
   * `limit_exceeded` for more than 256 directories in each other
   */
  walk(segments: PathSegments, onMissing: OnMissing): ResolvedDirectory<Dir> | undefined {
    let depth = this.#sharedDepth(segments);
    const ahead = segments.slice(depth).reverse();
    this.#cut(depth);
    for (let links = 0; ahead.length > 0;) {
      const segment = ahead.pop() ?? "";
      if (segment === "" || segment === ".") continue;
      if (segment === "..") {
        this.#cut(depth = Math.max(0, depth - 1));
        continue;
      }
      if (this.#enter(segment)) {
        depth++;
        continue;
      }
      const target = this.#linkAt(segment, onMissing);
      if (target !== undefined) {
        if (++links > LINKS_MAX) throw this.#error(segment, `it goes through more than ${LINKS_MAX} links`);
        if (target.startsWith("/")) this.#cut(depth = 0);
        ahead.push(...target.split("/").reverse());
        continue;
      }
      if (onMissing.kind === "stop") return undefined;
      this.#fs.makeDirectory(this.#top(), segment);
      if (!this.#enter(segment)) throw this.#error(segment, "a directory that was made is not there");
      depth++;
      onMissing.made(this.#segments());
    }
    return { directory: this.#top(), segments: this.#segments() };
  }

  /** Forgets the open way: something was removed that may have been on it. */
  reset(): void {
    this.#cut(0);
  }

  /** Closes what is open. */
  [Symbol.dispose](): void {
    this.reset();
  }

  #sharedDepth(segments: PathSegments): number {
    let depth = 0;
    while (depth < this.#way.length && this.#way[depth]?.segment === segments[depth]) depth++;
    return depth;
  }

  #top(): Dir {
    return this.#way.at(-1)?.directory ?? this.#root;
  }

  #segments(): PathSegments {
    return this.#way.map(({ segment }) => segment);
  }

  #cut(depth: number): void {
    while (this.#way.length > depth) {
      const last = this.#way.pop();
      if (last !== undefined) this.#fs.close(last.directory);
    }
  }

  #enter(segment: string): boolean {
    const directory = this.#fs.openDirectory(this.#top(), segment);
    if (directory === undefined) return false;
    if (this.#way.length === DEPTH_MAX) {
      this.#fs.close(directory);
      throw new AppError(
        "limit_exceeded",
        `Cannot unpack: directories are nested deeper than ${DEPTH_MAX}`,
        { details: { limit: "depth", most: DEPTH_MAX } },
      );
    }
    this.#way.push({ segment, directory });
    return true;
  }

  /** The target of a link, or undefined if nothing is there. */
  #linkAt(segment: string, onMissing: OnMissing): string | undefined {
    const kind = this.#fs.kindOf(this.#top(), segment);
    if (kind === "symlink") return this.#fs.readLink(this.#top(), segment);
    if (kind === undefined) return this.#aliases.get(keyOf([...this.#segments(), segment]));
    // Below a file there is nothing, which is fine for who wants nothing made there.
    if (onMissing.kind === "stop") return undefined;
    throw this.#error(segment, "it is no directory, and something shall go below it");
  }

  #error(segment: string, state: string): AppError {
    const path = keyOf([...this.#segments(), segment]);
    return new AppError("invalid_content", `Cannot unpack below ${JSON.stringify(path)}: ${state}`);
  }
}
