/**
 * The contract of a store of unpacked layers: directories that overlayfs can stack, shared by all images that have the
 * same layers below each other.
 *
 * @module
 */
import type { Digest } from "../oci/digest.ts";

/** What is written down of a layer when it is whole. */
export interface LayerMetadata {
  /** What the layer's archive hashes to. */
  readonly diffId: Digest;
  /** Entries of the archive. */
  readonly entries: number;
  /** Bytes of the archive. */
  readonly unpackedBytes: number;
  /** What could not be kept, by kind, counted. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/** A layer that is ready: whole and durable. */
export interface UnpackedLayer {
  /** Identifies the layer together with all below it. */
  readonly chainId: Digest;
  /** The directory to stack. */
  readonly path: string;
  /** What was written down when it was published. */
  readonly facts: LayerMetadata;
}

/** A layer on its way. Dispose it on every path: what was not published is removed. */
export interface StagedLayer extends AsyncDisposable {
  /** What it will be found by. */
  readonly chainId: Digest;
  /** An empty directory to unpack into. */
  readonly path: string;
  /**
   * Makes the directory durable, then its marker, then gives it its name: in this order, so that no power cut leaves
   * a layer that looks ready and is not.
   *
   * @param syncTree makes all below a path durable; false if it can't
   * @throws AppError `permission_denied` if it can't, `no_space`
   */
  publish(
    facts: LayerMetadata,
    syncTree: (path: string) => boolean | Promise<boolean>,
  ): Promise<UnpackedLayer>;
}

/** A store of unpacked layers. */
export interface LayerStore {
  /** A layer that is ready, or undefined. */
  findLayer(chainId: Digest): Promise<UnpackedLayer | undefined>;
  /**
   * Begins to unpack a layer, alone among the tasks of all processes.
   *
   * Wait only for a layer below which all are ready: two images that have layers in common, and begin them in another
   * order, would wait for each other for ever. `try` is for layers that come out of order.
   *
   * @param how whether to wait while another task unpacks the same layer
   * @returns `ready` if the layer is there, also when another task made it meanwhile; `busy` if another task is at it,
   * and `how` is `try`
   * @throws the signal's reason
   */
  stageLayer(
    chainId: Digest,
    how: "wait" | "try",
    signal: AbortSignal,
  ): Promise<StagedLayer | "ready" | "busy">;
  /** Every layer that is ready. */
  listLayers(): Promise<readonly UnpackedLayer[]>;
  /** Removes a layer. Only while the content is held for a sweep. */
  removeLayer(chainId: Digest): Promise<void>;
  /** Removes what dead processes left half unpacked. Only while the content is held for a sweep. Returns how many. */
  removeStagedLayers(): Promise<number>;
}
