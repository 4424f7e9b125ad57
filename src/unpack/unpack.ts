/**
 * Unpacking: all layers of an image into a flat tree, or one layer into a directory for overlayfs.
 *
 * Neither makes anything durable nor marks anything ready; that is the store's, after these return.
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
import { OverlayStyle, type OverlayXattrs } from "./apply/overlay_style.ts";
import { type Tree, type TreeCalls, withTree } from "./apply/tree.ts";
import type { WhiteoutStyle } from "./apply/whiteout_style.ts";

/** How to unpack. */
export interface UnpackOptions {
  /** What each layer may ask for. @default {DEFAULT_LAYER_LIMITS} */
  readonly limits?: LayerLimits;
  /** Which system calls to use. @default {"best"} */
  readonly calls?: TreeCalls;
  /** What decompresses the layers. @default the thread that we are on */
  readonly decoder?: LayerDecoder;
  /** Hears of each layer that is done, from the bottom, counted from 1. */
  readonly onLayer?: (layer: LayerReport, position: number) => void;
}

/** One layer that was put into a tree. */
export interface LayerReport {
  /** Entries of the archive. */
  readonly entries: number;
  /** Bytes of the blob, and of the archive in it. */
  readonly packedBytes: number;
  /** Bytes of the archive. */
  readonly unpackedBytes: number;
}

/** What became of an image. */
export interface UnpackReport {
  readonly layers: readonly LayerReport[];
  /** What could not be kept; empty if the tree is complete. */
  readonly leftOut: readonly SkippedItem[];
}

/** What became of a layer for overlayfs. */
export interface OverlayReport extends LayerReport {
  readonly leftOut: readonly SkippedItem[];
  /** Directories that the layer itself says nothing of, parents first, the root as "": for `createImplicitParents`. */
  readonly implied: readonly string[];
}

/** Layers are opened one after the other, so that a hundred of them need one descriptor. */
export type OpenLayer = (signal: AbortSignal) => Promise<LayerSource & Disposable>;

/**
 * Unpacks layers, from the bottom to the top, into a flat root file system.
 *
 * @param directory must exist and be empty. After a failure it is empty again
 * @throws AppError `already_exists` if it is not empty; what {@linkcode readLayer} throws; `no_space`,
 * `permission_denied`; the signal's reason
 */
export function unpackRootfs(
  directory: string,
  layers: readonly OpenLayer[],
  options: UnpackOptions,
  signal: AbortSignal,
): Promise<UnpackReport> {
  return withTree(directory, options.calls ?? "best", (tree) =>
    cleanly(tree, directory, async () => {
      const reports: LayerReport[] = [];
      for (const open of layers) {
        using source = await open(signal);
        using applier = new LayerApplier(tree, new FlatStyle(tree), NO_ALIASES);
        const report = await apply(source, applier, options, signal);
        reports.push(report);
        options.onLayer?.(report, reports.length);
      }
      tree.directories.apply(tree.fs, tree.root);
      return { layers: reports, leftOut: tree.leftOut.list() };
    }));
}

/** How to unpack for overlayfs. */
export interface OverlayOptions extends UnpackOptions {
  /** Where whole hidden directories are marked: "user" for mounts inside a user namespace. */
  readonly xattrs: OverlayXattrs;
  /** Links of layers below that this layer's entries go through: path to target. @default {none} */
  readonly aliases?: ReadonlyMap<string, string>;
}

/**
 * Unpacks one layer into a directory that overlayfs can stack. Needs libc.
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
    cleanly(tree, directory, async () => {
      const style: WhiteoutStyle<typeof tree.root> = new OverlayStyle(tree, options.xattrs);
      using applier = new LayerApplier(tree, style, options.aliases ?? NO_ALIASES);
      const report = await apply(source, applier, options, signal);
      tree.directories.apply(tree.fs, tree.root);
      return { ...report, leftOut: tree.leftOut.list(), implied: applier.implied.map(keyOf) };
    }));
}

const NO_ALIASES: ReadonlyMap<string, string> = new Map();

async function apply<Dir>(
  source: LayerSource,
  applier: LayerApplier<Dir>,
  options: UnpackOptions,
  signal: AbortSignal,
): Promise<LayerReport> {
  const facts = await readLayer(
    source,
    applier,
    options.limits ?? DEFAULT_LAYER_LIMITS,
    signal,
    options.decoder,
  );
  return { entries: applier.count, ...facts };
}

/** Runs the work on an empty tree, and empties it again if the work fails: a bomb must not stay on the disk. */
async function cleanly<Dir, T>(tree: Tree<Dir>, path: string, work: () => Promise<T>): Promise<T> {
  if (tree.fs.listNames(tree.root).length > 0) {
    throw new AppError("already_exists", `Cannot unpack to "${path}": it is not empty`);
  }
  try {
    return await work();
  } catch (error) {
    try {
      tree.clear();
    } catch {
      // The disk that failed the work may fail this as well; the first failure is the one to tell.
    }
    throw error;
  }
}
