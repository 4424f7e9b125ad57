/**
 * Whiteouts in the format of overlayfs (Linux, Documentation/filesystems/overlayfs.rst, "whiteouts and opaque
 * directories").
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

/** Marks a directory as opaque. Only root can set it. */
export const OPAQUE_XATTR = "trusted.overlay.opaque";

const YES = Uint8Array.of(0x79);

/**
 * Keeps whiteouts in the tree: a character device 0/0 hides a name, an attribute makes a directory opaque.
 */
export class OverlayStyle<Dir> implements WhiteoutStyle<Dir> {
  readonly keepsWhiteouts = true;
  readonly #tree: Tree<Dir>;
  readonly #hidden = new Set<string>();

  /** @param tree the tree that the layer is applied to */
  constructor(tree: Tree<Dir>) {
    this.#tree = tree;
  }

  hide({ directory, segments }: ResolvedDirectory<Dir>, name: string, written: WrittenPaths): void {
    const hidden = [...segments, name];
    this.#hidden.add(keyOf(hidden));
    // A directory that the layer itself wrote stays; only the lower directory of that name is hidden.
    if (written.has(hidden)) return this.#hideBelow(directory, name, hidden);
    const result = this.#tree.fs.makeNode(directory, name, { kind: "character", major: 0, minor: 0 });
    if (result === "refused") throw this.#refused(hidden, "device node 0/0");
  }

  hideAll({ directory, segments }: ResolvedDirectory<Dir>): void {
    this.#setOpaque(directory, SELF, segments);
  }

  onDirectoryCreated({ directory, segments }: ResolvedDirectory<Dir>, name: string): void {
    const created = [...segments, name];
    if (this.#hidden.has(keyOf(created))) this.#setOpaque(directory, name, created);
  }

  #hideBelow(parent: Dir, name: string, segments: PathSegments): void {
    if (this.#tree.fs.kindOf(parent, name) === "directory") this.#setOpaque(parent, name, segments);
  }

  #setOpaque(parent: Dir, name: string, segments: PathSegments): void {
    if (this.#tree.fs.setXattr(parent, name, OPAQUE_XATTR, YES)) return;
    throw this.#refused(segments, `attribute "${OPAQUE_XATTR}"`);
  }

  #refused(segments: PathSegments, object: string): AppError {
    return new AppError(
      "permission_denied",
      `Cannot create ${object} for the whiteout of ${
        JSON.stringify(keyOf(segments))
      }: permission denied; run as root`,
    );
  }
}
