/**
 * What becomes of whiteouts: removed names in a flat tree, marks in a directory for overlayfs.
 *
 * @module
 */
import type { WrittenPaths } from "./written_paths.ts";
import type { NodeSpec } from "../fs/tree_fs.ts";
import type { ResolvedDirectory } from "./path_resolver.ts";

/** How whiteouts of a layer are kept. */
export interface WhiteoutStyle<Dir> {
  /** A name of the layers below is hidden. `place` is the directory that it is in. */
  hide(place: ResolvedDirectory<Dir>, name: string, touched: WrittenPaths): void;
  /** All names of the layers below are hidden in a directory. */
  hideAll(place: ResolvedDirectory<Dir>, touched: WrittenPaths): void;
  /** A directory was made in place of something that this layer may have hidden before. */
  madeDirectory(place: ResolvedDirectory<Dir>, name: string): void;
  /** Whether whiteouts are kept in the tree, so that the directories on their way are made. */
  readonly keepsWhiteouts: boolean;
}

/** A layer for overlayfs that brings this node itself would hide a name without a whiteout's rules. */
export function isOverlayWhiteout(node: NodeSpec): boolean {
  return node.kind === "character" && node.major === 0 && node.minor === 0;
}
