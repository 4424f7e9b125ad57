/**
 * Directories of an overlay layer that the layer itself says nothing of.
 *
 * In a stack, the topmost directory of a name gives mode, owner and attributes. A layer that brings `etc/x` without
 * `etc` would thus change `/etc`; and where a layer below has a link `lib -> usr/lib`, a directory `lib` would hide it.
 * Both can be put right only when the layers below are there, so it is a step of its own, and layers can still be
 * unpacked side by side.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { type PathSegments, segmentsOf } from "./entry_path.ts";
import { type DirectoryMetadata, type NodeKind, SELF, type TreeFs } from "../fs/tree_fs.ts";
import { Tree, withTree } from "./tree.ts";
import { isHostXattr, isOverlayXattr } from "../fs/xattr_rules.ts";

const OPAQUE = ["trusted.overlay.opaque", "user.overlay.opaque"];

/** What the layers below have at a path, as far as it matters. */
type Below =
  | { readonly kind: "directory"; readonly facts: DirectoryMetadata }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "nothing" };

/**
 * Gives implied directories what they have in the layers below.
 *
 * @param directory the unpacked layer
 * @param implied as the layer's report names them, parents first
 * @param lowers the unpacked layers below, the nearest first, settled themselves
 * @returns links of layers below that the layer's entries go through, path to target. If there are any, the layer must
 * be unpacked anew, with these added to its `aliases`, and settled again; else it is done
 * @throws AppError `permission_denied` without libc; what the disk says
 */
export function createImplicitParents(
  directory: string,
  implied: readonly string[],
  lowers: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  return withTree(directory, "libc", (tree) => {
    const aliases = new Map<string, string>();
    const open = lowers.map((path) => new Tree(tree.fs, path));
    try {
      const attributes: (readonly [PathSegments, DirectoryMetadata])[] = [];
      for (const path of implied) {
        const steps = segmentsOf(path);
        const below = lookBelow(open, steps);
        if (below.kind === "link") aliases.set(path, below.target);
        else if (below.kind === "directory") attributes.push([steps, below.facts]);
      }
      if (aliases.size === 0) { for (const [steps, facts] of attributes) copyFacts(tree, steps, facts); }
      return Promise.resolve(aliases);
    } finally {
      for (const lower of open) lower[Symbol.dispose]();
    }
  });
}

function lookBelow<Dir>(lowers: readonly Tree<Dir>[], steps: PathSegments): Below {
  for (const { fs, root } of lowers) {
    const found = lookAt(fs, root, steps);
    if (found !== "further down") return found;
  }
  return { kind: "nothing" };
}

/** Looks in one layer; goes further down only if nothing on the way hides what is there. */
function lookAt<Dir>(fs: TreeFs<Dir>, root: Dir, steps: PathSegments): Below | "further down" {
  const opened: Dir[] = [];
  let here = root;
  let isOpaque = isOpaqueDirectory(fs, here);
  try {
    for (const [i, step] of steps.entries()) {
      const next = fs.openDirectory(here, step);
      if (next === undefined) {
        return lookAtOther(
          fs.kindOf(here, step),
          isOpaque,
          () => fs.readLink(here, step),
          i === steps.length - 1,
        );
      }
      opened.push(next);
      here = next;
      isOpaque ||= isOpaqueDirectory(fs, here);
    }
    return { kind: "directory", facts: fs.factsOf(here) };
  } finally {
    for (const directory of opened) fs.close(directory);
  }
}

function lookAtOther(
  kind: NodeKind | undefined,
  isOpaque: boolean,
  readLink: () => string,
  isLast: boolean,
): Below | "further down" {
  if (kind === undefined) return isOpaque ? { kind: "nothing" } : "further down";
  // A link before the last step was met when the directory above was settled.
  if (kind === "symlink" && isLast) return { kind: "link", target: readLink() };
  // A file or a whiteout: the layer's directory comes in its place.
  return { kind: "nothing" };
}

function isOpaqueDirectory<Dir>(fs: TreeFs<Dir>, directory: Dir): boolean {
  const { xattrs } = fs.factsOf(directory);
  return OPAQUE.some((name) => xattrs?.has(name));
}

function copyFacts<Dir>({ fs, root }: Tree<Dir>, steps: PathSegments, facts: DirectoryMetadata): void {
  const opened: Dir[] = [];
  let here = root;
  try {
    for (const step of steps) {
      const next = fs.openDirectory(here, step);
      if (next === undefined) {
        throw new AppError("internal", `Cannot settle "${steps.join("/")}": the layer has no such directory`);
      }
      opened.push(next);
      here = next;
    }
    fs.setOwner(here, SELF, facts.uid, facts.gid);
    for (const [name, value] of facts.xattrs ?? []) {
      if (!isHostXattr(name) && !isOverlayXattr(name)) fs.setXattr(here, SELF, name, value);
    }
    fs.setTime(here, SELF, facts.mtime);
    fs.setMode(here, SELF, facts.mode);
  } finally {
    for (const directory of opened) fs.close(directory);
  }
}
