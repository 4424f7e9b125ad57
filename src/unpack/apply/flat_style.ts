/**
 * Whiteouts in a flat tree: what they hide is removed.
 *
 * @module
 */
import type { Steps } from "./entry_path.ts";
import type { Touched } from "./written_paths.ts";
import type { Tree } from "./tree.ts";
import type { Place } from "./path_resolver.ts";
import type { WhiteoutStyle } from "./whiteout_style.ts";

/** Removes what layers below have, and nothing that the layer itself has made. */
export class FlatStyle<Dir> implements WhiteoutStyle<Dir> {
  readonly keepsWhiteouts = false;
  readonly #tree: Tree<Dir>;

  /** @param tree the one that the layer is put into */
  constructor(tree: Tree<Dir>) {
    this.#tree = tree;
  }

  hide({ directory, steps }: Place<Dir>, name: string, touched: Touched): void {
    this.#hide(directory, name, [...steps, name], touched);
  }

  hideAll({ directory, steps }: Place<Dir>, touched: Touched): void {
    const { fs } = this.#tree;
    for (const name of fs.listNames(directory)) this.#hide(directory, name, [...steps, name], touched);
  }

  madeDirectory(): void {}

  #hide(parent: Dir, name: string, steps: Steps, touched: Touched): void {
    const { fs, directories } = this.#tree;
    if (!touched.has(steps)) {
      fs.removeTree(parent, name);
      directories.forget(steps);
      return;
    }
    const directory = fs.openDirectory(parent, name);
    if (directory === undefined) return;
    try {
      this.hideAll({ directory, steps }, touched);
    } finally {
      fs.close(directory);
    }
  }
}
