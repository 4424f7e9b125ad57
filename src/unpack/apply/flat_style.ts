/**
 * Whiteouts in a flat tree: the paths that they hide are removed.
 *
 * @module
 */
import type { PathSegments } from "./entry_path.ts";
import type { WrittenPaths } from "./written_paths.ts";
import type { Tree } from "./tree.ts";
import type { ResolvedDirectory } from "./path_resolver.ts";
import type { WhiteoutStyle } from "./whiteout_style.ts";

/** Removes paths of lower layers, but none that the current layer wrote. */
export class FlatStyle<Dir> implements WhiteoutStyle<Dir> {
  readonly keepsWhiteouts = false;
  readonly #tree: Tree<Dir>;

  /** @param tree the tree that the layer is applied to */
  constructor(tree: Tree<Dir>) {
    this.#tree = tree;
  }

  hide({ directory, segments }: ResolvedDirectory<Dir>, name: string, written: WrittenPaths): void {
    this.#hide(directory, name, [...segments, name], written);
  }

  hideAll({ directory, segments }: ResolvedDirectory<Dir>, written: WrittenPaths): void {
    const { fs } = this.#tree;
    for (const name of fs.listNames(directory)) this.#hide(directory, name, [...segments, name], written);
  }

  onDirectoryCreated(): void {}

  #hide(parent: Dir, name: string, segments: PathSegments, written: WrittenPaths): void {
    const { fs, directories } = this.#tree;
    if (!written.has(segments)) {
      fs.removeTree(parent, name);
      directories.forget(segments);
      return;
    }
    const directory = fs.openDirectory(parent, name);
    if (directory === undefined) return;
    try {
      this.hideAll({ directory, segments }, written);
    } finally {
      fs.close(directory);
    }
  }
}
