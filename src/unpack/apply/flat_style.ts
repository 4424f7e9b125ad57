/**
 * Whiteouts in a flat tree: what they hide is removed.
 *
 * @module
 */
import type { PathSegments } from "./entry_path.ts";
import type { WrittenPaths } from "./written_paths.ts";
import type { Tree } from "./tree.ts";
import type { ResolvedDirectory } from "./path_resolver.ts";
import type { WhiteoutStyle } from "./whiteout_style.ts";

/** Removes what layers below have, and nothing that the layer itself has made. */
export class FlatStyle<Dir> implements WhiteoutStyle<Dir> {
  readonly keepsWhiteouts = false;
  readonly #tree: Tree<Dir>;

  /** @param tree the one that the layer is put into */
  constructor(tree: Tree<Dir>) {
    this.#tree = tree;
  }

  hide({ directory, segments }: ResolvedDirectory<Dir>, name: string, touched: WrittenPaths): void {
    this.#hide(directory, name, [...segments, name], touched);
  }

  hideAll({ directory, segments }: ResolvedDirectory<Dir>, touched: WrittenPaths): void {
    const { fs } = this.#tree;
    for (const name of fs.listNames(directory)) this.#hide(directory, name, [...segments, name], touched);
  }

  madeDirectory(): void {}

  #hide(parent: Dir, name: string, segments: PathSegments, touched: WrittenPaths): void {
    const { fs, directories } = this.#tree;
    if (!touched.has(segments)) {
      fs.removeTree(parent, name);
      directories.forget(segments);
      return;
    }
    const directory = fs.openDirectory(parent, name);
    if (directory === undefined) return;
    try {
      this.hideAll({ directory, segments }, touched);
    } finally {
      fs.close(directory);
    }
  }
}
