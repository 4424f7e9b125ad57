/**
 * Compares two images.
 *
 * @module
 */
import type { Digest } from "../../oci/digest.ts";
import { layersToMemory, walkTree } from "../../unpack/flatten.ts";
import { DEFAULT_LAYER_LIMITS } from "../../unpack/apply/layer.ts";
import type { MemoryNode } from "../../unpack/fs/memory_fs.ts";
import type { ImageStorage } from "../model/deps.ts";
import { ContentHashes } from "./content_hashes.ts";
import { holdingStore } from "../model/held_store.ts";
import { findUnpackable, type LayeredImage, layersOf } from "../model/layers.ts";

/** A path that differs between two images. */
export interface PathChange {
  /** Relative to the root, without a leading slash. */
  readonly path: string;
  /** The change from the first image to the second. */
  readonly kind: "added" | "removed" | "changed";
  /** For a changed path, the properties that differ. */
  readonly what: readonly ("type" | "content" | "target" | "mode" | "owner" | "time" | "xattrs" | "device")[];
}

/** The differences from a first image to a second. */
export interface ImageDiff {
  /** Layers of both images, by their uncompressed digests. */
  readonly sharedLayers: readonly Digest[];
  /** Layers of only the first image. */
  readonly onlyFirst: readonly Digest[];
  /** Layers of only the second image. */
  readonly onlySecond: readonly Digest[];
  /** Changed paths, sorted. */
  readonly changes: readonly PathChange[];
}

/**
 * Compares the layers and the root file systems of two images in the store.
 *
 * @throws AppError `not_found`, `unsupported`, and the errors of reading a damaged layer
 */
export async function diffImages(
  whole: ImageStorage,
  first: string,
  second: string,
  signal: AbortSignal,
): Promise<ImageDiff> {
  using store = holdingStore(whole, signal);
  await store.hold([]);
  const [a, b] = [
    await findUnpackable(store, first, signal),
    await findUnpackable(store, second, signal),
  ];
  const [left, right] = [new Set(a.config.diffIds), new Set(b.config.diffIds)];
  const same = a.config.diffIds.length === b.config.diffIds.length &&
    a.config.diffIds.every((diffId, i) => diffId === b.config.diffIds[i]);
  return {
    sharedLayers: [...left].filter((diffId) => right.has(diffId)),
    onlyFirst: [...left].filter((diffId) => !right.has(diffId)),
    onlySecond: [...right].filter((diffId) => !left.has(diffId)),
    changes: same ? [] : compare(await readTree(store, a, signal), await readTree(store, b, signal)),
  };
}

interface HashedTree {
  readonly nodes: ReadonlyMap<string, MemoryNode>;
  /** Digests of the contents, by the number of the file. */
  readonly contents: ReadonlyMap<number, string>;
}

async function readTree(store: ImageStorage, image: LayeredImage, signal: AbortSignal): Promise<HashedTree> {
  const hashes = await ContentHashes.open();
  const root = await layersToMemory(layersOf(store, image), DEFAULT_LAYER_LIMITS, signal, hashes);
  return { nodes: new Map(walkTree(root)), contents: hashes.contents };
}

function compare(a: HashedTree, b: HashedTree): readonly PathChange[] {
  const changes: PathChange[] = [];
  for (const [path, node] of a.nodes) {
    const other = b.nodes.get(path);
    if (other === undefined) changes.push({ path, kind: "removed", what: [] });
    else {
      const what = differences(a, node, b, other);
      if (what.length > 0) changes.push({ path, kind: "changed", what });
    }
  }
  for (const path of b.nodes.keys()) if (!a.nodes.has(path)) changes.push({ path, kind: "added", what: [] });
  return changes.sort((x, y) => x.path < y.path ? -1 : x.path > y.path ? 1 : 0);
}

function differences(a: HashedTree, x: MemoryNode, b: HashedTree, y: MemoryNode): PathChange["what"] {
  if (x.kind !== y.kind) return ["type"];
  const what: PathChange["what"][number][] = [];
  if (x.kind === "file" && y.kind === "file") {
    if (x.size !== y.size || a.contents.get(x.number) !== b.contents.get(y.number)) what.push("content");
  }
  if (x.kind === "symlink" && y.kind === "symlink" && x.target !== y.target) what.push("target");
  if (x.kind === "other" && y.kind === "other" && JSON.stringify(x.node) !== JSON.stringify(y.node)) {
    what.push("device");
  }
  if (x.mode !== y.mode) what.push("mode");
  if (x.uid !== y.uid || x.gid !== y.gid) what.push("owner");
  if (x.mtime.seconds !== y.mtime.seconds || x.mtime.nanoseconds !== y.mtime.nanoseconds) what.push("time");
  if (xattrText(x) !== xattrText(y)) what.push("xattrs");
  return what;
}

function xattrText({ xattrs }: MemoryNode): string {
  return JSON.stringify([...xattrs].map(([key, value]) => [key, [...value]]).sort());
}
