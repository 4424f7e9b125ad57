/**
 * Parent directories of an overlay layer that have no entry in that layer.
 *
 * In an overlayfs mount, the topmost directory of a path determines its mode, owner and attributes. A layer
 * that has `etc/x` but not `etc` would therefore change `/etc`. And if a lower layer has a symlink `lib ->
 * usr/lib`, a directory `lib` would hide it. Both are corrected in a separate step that needs the unpacked
 * lower layers, so that layers can be unpacked in parallel.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { type PathSegments, segmentsOf } from "./entry_path.ts";
import { type DirectoryMetadata, type NodeKind, SELF, type TreeFs } from "../fs/tree_fs.ts";
import { Tree, withTree } from "./tree.ts";
import { isHostXattr, isOverlayXattr } from "../fs/xattr_rules.ts";
import { OPAQUE_XATTR } from "./overlay_style.ts";

/** The node that the lower layers have at a path. */
type LowerNode =
  | { readonly kind: "directory"; readonly metadata: DirectoryMetadata }
  | { readonly kind: "symlink"; readonly target: string }
  /** No directory or symlink is visible at the path. */
  | { readonly kind: "none" };

/**
 * Copies the metadata of lower directories to the implicit parents of a layer.
 *
 * @param directory the unpacked layer
 * @param implicitParents as listed in the layer's report, parents first
 * @param lowers the unpacked layers below, the nearest first; this function has already been called for each
 * of them
 * @returns symlinks of lower layers that the layer's entries pass through, as path to target. If there are
 * any, the layer must be unpacked again with these added to its `lowerSymlinks`, and this function called
 * again. If there are none, the layer is complete
 * @throws AppError `permission_denied` without libc; errors of the file system
 */
export function createImplicitParents(
  directory: string,
  implicitParents: readonly string[],
  lowers: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  return withTree(directory, "libc", (tree) => {
    const symlinks = new Map<string, string>();
    const lowerTrees = lowers.map((path) => new Tree(tree.fs, path));
    try {
      const found: (readonly [PathSegments, DirectoryMetadata])[] = [];
      for (const path of implicitParents) {
        const segments = segmentsOf(path);
        const lower = findLower(lowerTrees, segments);
        if (lower.kind === "symlink") symlinks.set(path, lower.target);
        else if (lower.kind === "directory") found.push([segments, lower.metadata]);
      }
      if (symlinks.size === 0) {
        for (const [segments, metadata] of found) copyMetadata(tree, segments, metadata);
      }
      return Promise.resolve(symlinks);
    } finally {
      for (const lower of lowerTrees) lower[Symbol.dispose]();
    }
  });
}

function findLower<Dir>(lowers: readonly Tree<Dir>[], segments: PathSegments): LowerNode {
  for (const { fs, root } of lowers) {
    const found = findInLayer(fs, root, segments);
    if (found !== "continue") return found;
  }
  return { kind: "none" };
}

/**
 * Searches one layer. Returns "continue" if the path is missing and the layer doesn't hide it in the layers
 * below.
 */
function findInLayer<Dir>(fs: TreeFs<Dir>, root: Dir, segments: PathSegments): LowerNode | "continue" {
  const opened: Dir[] = [];
  let current = root;
  let isOpaque = isOpaqueDirectory(fs, current);
  try {
    for (const [i, segment] of segments.entries()) {
      const next = fs.openDirectory(current, segment);
      if (next === undefined) {
        return nonDirectory(
          fs.kindOf(current, segment),
          isOpaque,
          () => fs.readLink(current, segment),
          i === segments.length - 1,
        );
      }
      opened.push(next);
      current = next;
      isOpaque ||= isOpaqueDirectory(fs, current);
    }
    return { kind: "directory", metadata: fs.metadataOf(current) };
  } finally {
    for (const directory of opened) fs.close(directory);
  }
}

function nonDirectory(
  kind: NodeKind | undefined,
  isOpaque: boolean,
  readLink: () => string,
  isLast: boolean,
): LowerNode | "continue" {
  if (kind === undefined) return isOpaque ? { kind: "none" } : "continue";
  // A symlink before the last segment was already reported for its own implicit parent.
  if (kind === "symlink" && isLast) return { kind: "symlink", target: readLink() };
  // A lower file or whiteout is replaced by this layer's directory.
  return { kind: "none" };
}

function isOpaqueDirectory<Dir>(fs: TreeFs<Dir>, directory: Dir): boolean {
  return fs.metadataOf(directory).xattrs?.has(OPAQUE_XATTR) ?? false;
}

function copyMetadata<Dir>(
  { fs, root }: Tree<Dir>,
  segments: PathSegments,
  metadata: DirectoryMetadata,
): void {
  const opened: Dir[] = [];
  let current = root;
  try {
    for (const segment of segments) {
      const next = fs.openDirectory(current, segment);
      if (next === undefined) {
        throw new AppError(
          "internal",
          `Cannot set attributes of "${segments.join("/")}": the layer has no such directory`,
        );
      }
      opened.push(next);
      current = next;
    }
    fs.setOwner(current, SELF, metadata.uid, metadata.gid);
    for (const [name, value] of metadata.xattrs ?? []) {
      if (!isHostXattr(name) && !isOverlayXattr(name)) fs.setXattr(current, SELF, name, value);
    }
    fs.setTime(current, SELF, metadata.mtime);
    fs.setMode(current, SELF, metadata.mode);
  } finally {
    for (const directory of opened) fs.close(directory);
  }
}
