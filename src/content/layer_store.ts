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
}

/** A published layer: complete and durable. */
export interface UnpackedLayer {
  /** Identifies the layer together with all layers below it. */
  readonly chainId: Digest;
  /** The directory to stack. */
  readonly path: string;
  /** Recorded when the layer was published. */
  readonly metadata: LayerMetadata;
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
  /** Removes a layer. The caller must hold the content for a sweep. */
  removeLayer(chainId: Digest): Promise<void>;
  /**
   * Removes the layers that dead processes didn't finish. The caller must hold the content for a sweep.
   *
   * @returns how many were removed
   */
  removeStagedLayers(): Promise<number>;
}
