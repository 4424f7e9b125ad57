/**
 * Compares two images.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { loadHashing } from "../../base/hash.ts";
import type { Hasher } from "../../base/hash.ts";
import type { Digest } from "../../oci/digest.ts";
import { layersToMemory, walkTree } from "../../unpack/flatten.ts";
import { DEFAULT_LAYER_LIMITS } from "../../unpack/apply/layer.ts";
import type { ContentListener, MemoryNode } from "../../unpack/fs/memory_fs.ts";
import type { ImageStorage } from "../model/deps.ts";
import { findUnpackable, type LayeredImage, layersOf } from "../model/layers.ts";

/** Holes of sparse files are hashed as zeros, so that only the content counts. */
const ZEROS = new Uint8Array(64 * KIB);

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
  store: ImageStorage,
  first: string,
  second: string,
  signal: AbortSignal,
): Promise<ImageDiff> {
  using _content = await store.holdContent(signal);
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
  const makeHasher = await loadHashing();
  const contents = new Map<number, string>();
  let holes = 0;
  let open: { readonly file: number; readonly hasher: Hasher; at: number } | undefined;
  const listener: ContentListener = {
    data(file, bytes, offset) {
      if (open?.file !== file) open = { file, hasher: makeHasher("sha256"), at: 0 };
      // Ignore trailing zeros: they equal a hole at the end, and the size is compared separately.
      const end = endOfData(bytes);
      if (end === 0) return;
      holes += offset - open.at;
      if (holes > DEFAULT_LAYER_LIMITS.unpackedBytes) throw tooSparse(holes);
      for (let hole = offset - open.at; hole > 0; hole -= ZEROS.length) {
        open.hasher.update(hole < ZEROS.length ? ZEROS.subarray(0, hole) : ZEROS);
      }
      open.hasher.update(bytes.subarray(0, end));
      open.at = offset + end;
    },
    end(file) {
      if (open?.file === file) contents.set(file, open.hasher.hex());
      open = undefined;
    },
  };
  const root = await layersToMemory(layersOf(store, image), DEFAULT_LAYER_LIMITS, signal, listener);
  return { nodes: new Map(walkTree(root)), contents };
}

/** The length without trailing zeros. */
function endOfData(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

/** A few bytes of a layer can claim petabytes of zeros. */
function tooSparse(bytes: number): AppError {
  const most = DEFAULT_LAYER_LIMITS.unpackedBytes;
  return new AppError(
    "limit_exceeded",
    `Cannot compare: the files of the image have holes of ${bytes} bytes, but the limit is ${most}`,
    { details: { limit: "unpackedBytes", most, value: bytes } },
  );
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
