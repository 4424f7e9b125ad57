/**
 * The contract of a store of unpacked layers: directories that overlayfs can stack. All images with the same
 * layers below each other share them.
 *
 * @module
 */
import type { Digest } from "../oci/digest.ts";

/** Recorded when a layer is published. */
export interface LayerMetadata {
  /** The digest of the uncompressed archive. */
  readonly diffId: Digest;
  /** Number of entries in the archive. */
  readonly entries: number;
  /** Size of the uncompressed archive in bytes. */
  readonly unpackedBytes: number;
  /** Number of entries and attributes that couldn't be stored, by kind. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Symlinks of lower layers that its entries pass through: path to target. */
  readonly lowerSymlinks: Readonly<Record<string, string>>;
}

/** What a quick check of a layer compares. */
export interface LayerTally {
  /** Number of files, directories, links and devices, without the root. */
  readonly nodes: number;
  /** Sum of the sizes of the files; a file with several names counts for each of them. */
  readonly bytes: number;
}

/** A published layer: complete and durable. */
export interface UnpackedLayer {
  /** Identifies the layer together with all layers below it. */
  readonly chainId: Digest;
  /** The directory to stack. */
  readonly path: string;
  /** Recorded when the layer was published. */
  readonly metadata: LayerMetadata;
  /** Counted when the layer was published; undefined if an older version of dray published it. */
  readonly tally?: LayerTally;
  /** When the layer was published, in milliseconds since 1970. */
  readonly publishedAt: number;
}

/** A directory in which a layer was being unpacked or deleted. */
export interface LayerRemains {
  /** Identifies the layer. */
  readonly chainId: Digest;
  /** Allocated bytes. */
  readonly bytes: number;
  /** Whether it has the name of a published layer, but no valid marker. */
  readonly isUnmarked: boolean;
}

/** A layer that is being unpacked. Dispose it on every path: that removes a layer that wasn't published. */
export interface StagedLayer extends AsyncDisposable {
  /** Identifies the layer once it is published. */
  readonly chainId: Digest;
  /** An empty directory to unpack into. */
  readonly path: string;
  /**
   * Makes the directory durable, then its marker, then renames it. In this order, a power failure never
   * leaves a layer that looks complete and isn't.
   *
   * @param syncTree makes everything below a path durable; returns false if it can't
   * @throws AppError `permission_denied` if `syncTree` can't, `no_space`
   */
  publish(
    metadata: LayerMetadata,
    syncTree: (path: string) => boolean | Promise<boolean>,
  ): Promise<UnpackedLayer>;
}

/** A store of unpacked layers. */
export interface LayerStore {
  /** A published layer, or undefined. */
  findLayer(chainId: Digest): Promise<UnpackedLayer | undefined>;
  /**
   * Begins to unpack a layer. Only one task of all processes unpacks a layer at a time.
   *
   * Use `wait` only for a layer whose lower layers are all published. Otherwise, two images that share layers
   * and begin them in a different order would wait for each other forever. Use `try` for layers out of order.
   *
   * @param mode whether to wait while another task unpacks the same layer
   * @returns `ready` if the layer is published, possibly by another task in the meantime; `busy` if another
   * task is unpacking it and `mode` is `try`
   * @throws the signal's reason
   */
  stageLayer(
    chainId: Digest,
    mode: "wait" | "try",
    signal: AbortSignal,
  ): Promise<StagedLayer | "ready" | "busy">;
  /** Every published layer. */
  listLayers(): Promise<readonly UnpackedLayer[]>;
  /** Allocated bytes of a layer; 0 if it doesn't exist. Hard links count once. */
  measureLayer(chainId: Digest): Promise<number>;
  /** Counts a published layer. */
  tallyLayer(layer: UnpackedLayer): Promise<LayerTally>;
  /**
   * Unpublishes a layer, which then is one of the remains. Fast, however large the layer is. Call it only in a sweep,
   * for a chain id that isn't held, or for a damaged layer.
   *
   * @returns false if a task is unpacking the layer
   */
  removeLayer(chainId: Digest): Promise<boolean>;
  /** What dead processes didn't finish to unpack or to delete, and layers that were removed. */
  listLayerRemains(): Promise<readonly LayerRemains[]>;
  /** Deletes the remains. Needs no sweep: what a running task uses is never one of them. */
  deleteLayerRemains(): Promise<readonly LayerRemains[]>;
}
