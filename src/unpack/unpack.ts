/**
 * Unpacks all layers of an image into a flat tree, or one layer into a directory for overlayfs.
 *
 * These functions neither sync nor mark the result as complete; the store does both after they return.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { LayerApplier } from "./apply/applier.ts";
import type { LayerDecoder } from "./decode/decode.ts";
import { keyOf } from "./apply/entry_path.ts";
import { FlatStyle } from "./apply/flat_style.ts";
import { DEFAULT_LAYER_LIMITS, type LayerLimits, type LayerSource, readLayer } from "./apply/layer.ts";
import type { SkippedItem } from "./apply/skipped.ts";
import { OverlayStyle } from "./apply/overlay_style.ts";
import { Tree, type TreeCalls, withTree } from "./apply/tree.ts";
import type { WhiteoutStyle } from "./apply/whiteout_style.ts";
import { type ContentListener, type MemoryDirectory, MemoryFs } from "./fs/memory_fs.ts";

/** Options of {@linkcode unpackRootfs}. */
export interface UnpackOptions {
  /** The limits of each layer. @default {DEFAULT_LAYER_LIMITS} */
  readonly limits?: LayerLimits;
  /** The system calls to use. @default {"best"} */
  readonly calls?: TreeCalls;
  /** Decompresses the layers. @default a decoder on the calling thread */
  readonly decoder?: LayerDecoder;
  /** Called after each layer, from the bottom; positions start at 1. */
  readonly onLayer?: (layer: LayerReport, position: number) => void;
}

/** One unpacked layer. */
export interface LayerReport {
  /** Entries of the archive. */
  readonly entries: number;
  /** Bytes of the blob. */
  readonly packedBytes: number;
  /** Bytes of the archive. */
  readonly unpackedBytes: number;
}

/** The result of {@linkcode unpackRootfs}. */
export interface UnpackReport {
  /** From the bottom to the top. */
  readonly layers: readonly LayerReport[];
  /** Entries and attributes that could not be unpacked; empty if the tree is complete. */
  readonly skipped: readonly SkippedItem[];
}

/** The result of {@linkcode unpackOverlayLayer}. */
export interface OverlayReport extends LayerReport {
  /** Entries and attributes that could not be unpacked; empty if the tree is complete. */
  readonly skipped: readonly SkippedItem[];
  /**
   * Directories without an entry in the layer, parents first, the root as "": for `createImplicitParents`.
   */
  readonly implicitParents: readonly string[];
}

/**
 * Opens a layer. Layers are opened one after the other, so that an image with many layers needs only one
 * descriptor.
 */
export type OpenLayer = (signal: AbortSignal) => Promise<LayerSource & Disposable>;

/**
 * Unpacks layers, from the bottom to the top, into a flat root file system.
 *
 * @param directory must exist and be empty. After a failure it is empty again
 * @throws AppError `already_exists` if it is not empty; errors of {@linkcode readLayer}; `no_space`,
 * `permission_denied`; the signal's reason
 */
export function unpackRootfs(
  directory: string,
  layers: readonly OpenLayer[],
  options: UnpackOptions,
  signal: AbortSignal,
): Promise<UnpackReport> {
  return withTree(directory, options.calls ?? "best", (tree) =>
    orCleared(tree, directory, async () => {
      const reports: LayerReport[] = [];
      for (const open of layers) {
        using source = await open(signal);
        using applier = new LayerApplier(tree, new FlatStyle(tree), NO_SYMLINKS);
        const report = await apply(source, applier, options, signal);
        reports.push(report);
        options.onLayer?.(report, reports.length);
      }
      tree.directories.apply(tree.fs, tree.root);
      return { layers: reports, skipped: tree.skipped.list() };
    }));
}

/** Options of {@linkcode unpackOverlayLayer}. */
export interface OverlayOptions extends UnpackOptions {
  /** Symlinks of lower layers that this layer's entries pass through: path to target. @default {none} */
  readonly lowerSymlinks?: ReadonlyMap<string, string>;
}

/**
 * Unpacks one layer into a directory that overlayfs can stack. Needs libc, and root for whiteouts.
 *
 * @param directory must exist and be empty. After a failure it is empty again
 * @throws AppError as {@linkcode unpackRootfs}
 */
export function unpackOverlayLayer(
  directory: string,
  source: LayerSource,
  options: OverlayOptions,
  signal: AbortSignal,
): Promise<OverlayReport> {
  return withTree(directory, "libc", (tree) =>
    orCleared(tree, directory, async () => {
      const style: WhiteoutStyle<typeof tree.root> = new OverlayStyle(tree);
      using applier = new LayerApplier(tree, style, options.lowerSymlinks ?? NO_SYMLINKS);
      const report = await apply(source, applier, options, signal);
      tree.directories.apply(tree.fs, tree.root);
      return {
        ...report,
        skipped: tree.skipped.list(),
        implicitParents: applier.implicitParents.map(keyOf),
      };
    }));
}

/**
 * Applies one layer as {@linkcode unpackOverlayLayer} does, but to a tree in memory. Needs no privileges.
 *
 * @param listener receives the file contents
 * @throws AppError as {@linkcode unpackRootfs}, except errors of the disk
 */
export async function overlayLayerToMemory(
  source: LayerSource,
  listener: ContentListener,
  options: OverlayOptions,
  signal: AbortSignal,
): Promise<MemoryDirectory> {
  const fs = new MemoryFs(listener);
  using tree = new Tree(fs, "");
  using applier = new LayerApplier(tree, new OverlayStyle(tree), options.lowerSymlinks ?? NO_SYMLINKS);
  await apply(source, applier, options, signal);
  tree.directories.apply(fs, tree.root);
  return fs.root;
}

const NO_SYMLINKS: ReadonlyMap<string, string> = new Map();

async function apply<Dir>(
  source: LayerSource,
  applier: LayerApplier<Dir>,
  options: UnpackOptions,
  signal: AbortSignal,
): Promise<LayerReport> {
  const sizes = await readLayer(
    source,
    applier,
    options.limits ?? DEFAULT_LAYER_LIMITS,
    signal,
    options.decoder,
  );
  return { entries: applier.count, ...sizes };
}

/**
 * Runs `work` on an empty tree. Clears the tree if it fails: a decompression bomb must not stay on the disk.
 */
async function orCleared<Dir, T>(tree: Tree<Dir>, path: string, work: () => Promise<T>): Promise<T> {
  if (tree.fs.listNames(tree.root).length > 0) {
    throw new AppError(
      "already_exists",
      `Cannot unpack to "${path}": not empty; choose a new or empty directory`,
    );
  }
  try {
    return await work();
  } catch (error) {
    try {
      tree.clear();
    } catch {
      // The same disk error may prevent the removal; report the first error.
    }
    throw error;
  }
}
