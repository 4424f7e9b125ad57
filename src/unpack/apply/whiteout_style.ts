/**
 * How whiteouts are applied: by removing paths of a flat tree, or by marks for overlayfs.
 *
 * @module
 */
import type { WrittenPaths } from "./written_paths.ts";
import type { NodeSpec } from "../fs/tree_fs.ts";
import type { ResolvedDirectory } from "./path_resolver.ts";

/**
 * Applies the whiteouts of one layer. `written` has the paths of that layer, which its whiteouts don't hide.
 */
export interface WhiteoutStyle<Dir> {
  /** Hides a name of lower layers in `parent`. */
  hide(parent: ResolvedDirectory<Dir>, name: string, written: WrittenPaths): void;
  /** Hides all names of lower layers in a directory. */
  hideAll(directory: ResolvedDirectory<Dir>, written: WrittenPaths): void;
  /**
   * Called after a directory was created, because an earlier whiteout of the layer may have hidden its name.
   */
  onDirectoryCreated(parent: ResolvedDirectory<Dir>, name: string): void;
  /** Whether whiteouts are stored in the tree. If so, their missing parent directories are created. */
  readonly keepsWhiteouts: boolean;
}

/** A 0/0 character device in a layer would act as an overlayfs whiteout and bypass our whiteout checks. */
export function isOverlayWhiteout(node: NodeSpec): boolean {
  return node.kind === "character" && node.major === 0 && node.minor === 0;
}
