/**
 * Whiteouts as overlayfs wants them in an upper or lower directory (Linux, Documentation/filesystems/overlayfs.rst,
 * "whiteouts and opaque directories").
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { keyOf, type PathSegments } from "./entry_path.ts";
import type { WrittenPaths } from "./written_paths.ts";
import type { Tree } from "./tree.ts";
import { SELF } from "../fs/tree_fs.ts";
import type { ResolvedDirectory } from "./path_resolver.ts";
import type { WhiteoutStyle } from "./whiteout_style.ts";

/** Where overlayfs looks for its attributes: `trusted` needs root; `user` needs the mount option `userxattr`. */
export type OverlayXattrs = "trusted" | "user";

const YES = Uint8Array.of(0x79);

/** Keeps whiteouts in the tree: a character device 0/0 for a name, an attribute for a whole directory. */
export class OverlayStyle<Dir> implements WhiteoutStyle<Dir> {
  readonly keepsWhiteouts = true;
  readonly #tree: Tree<Dir>;
  readonly #attribute: string;
  readonly #hidden = new Set<string>();

  /** @param tree the one that the layer is put into */
  constructor(tree: Tree<Dir>, xattrs: OverlayXattrs) {
    this.#tree = tree;
    this.#attribute = `${xattrs}.overlay.opaque`;
  }

  hide({ directory, segments }: ResolvedDirectory<Dir>, name: string, touched: WrittenPaths): void {
    const hidden = [...segments, name];
    this.#hidden.add(keyOf(hidden));
    // What the layer itself has made there stays, and only the directory below it is hidden.
    if (touched.has(hidden)) return this.#hideBelow(directory, name, hidden);
    const made = this.#tree.fs.makeNode(directory, name, { kind: "character", major: 0, minor: 0 });
    if (made === "refused") throw this.#refused(hidden, "a device node 0/0");
  }

  hideAll({ directory, segments }: ResolvedDirectory<Dir>): void {
    this.#setOpaque(directory, SELF, segments);
  }

  madeDirectory({ directory, segments }: ResolvedDirectory<Dir>, name: string): void {
    const made = [...segments, name];
    if (this.#hidden.has(keyOf(made))) this.#setOpaque(directory, name, made);
  }

  #hideBelow(parent: Dir, name: string, steps: PathSegments): void {
    if (this.#tree.fs.kindOf(parent, name) === "directory") this.#setOpaque(parent, name, steps);
  }

  #setOpaque(parent: Dir, name: string, steps: PathSegments): void {
    if (this.#tree.fs.setXattr(parent, name, this.#attribute, YES)) return;
    throw this.#refused(steps, `the attribute "${this.#attribute}"`);
  }

  #refused(steps: PathSegments, what: string): AppError {
    return new AppError(
      "permission_denied",
      `Cannot unpack whiteout of ${JSON.stringify(keyOf(steps))}: the system refuses ${what}`,
    );
  }
}
