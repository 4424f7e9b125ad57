/**
 * The contract for maintaining a store: listing its content, removing and repairing it.
 *
 * @module
 */
import type { OnSlowWait } from "../base/slow_wait.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { BlobInfo, Ingest } from "./store.ts";

/** The state of an unfinished write. */
export interface IngestStatus {
  /** The expected digest. */
  readonly digest: Digest;
  /** Bytes written so far. */
  readonly offset: number;
  /** The expected size in bytes; equal to `offset` if it isn't known. */
  readonly size: number;
  /** Time of the last write, in milliseconds since 1970. */
  readonly updatedAt: number;
}

/** Disk usage of a store. */
export interface StoreUsage {
  /** Number of committed blobs. */
  readonly blobs: number;
  /** Allocated bytes of committed blobs. */
  readonly blobBytes: number;
  /** Number of unfinished writes. */
  readonly partials: number;
  /** Allocated bytes of unfinished writes. */
  readonly partialBytes: number;
  /** Allocated bytes of unpacked layers; hard links count once. */
  readonly layerBytes: number;
  /** Inodes of all of these. */
  readonly inodes: number;
  /** Bytes of the file system that are available to us; undefined without permission to read them. */
  readonly free?: number;
  /** Size of the file system in bytes; undefined without permission to read it. */
  readonly capacity?: number;
}

/** The operations of a garbage collector, a verifier and a repair. */
export interface StoreMaintenance {
  /**
   * Prevents sweeps while content is added: a sweep would delete blobs that no record references yet. Any
   * number of tasks in any process can hold the content. Dispose the result.
   *
   * @param onWait called if a sweep takes longer than a second
   * @throws the signal's reason
   */
  holdContent(signal: AbortSignal, onWait?: OnSlowWait): Promise<Disposable>;
  /**
   * Waits until no task holds the content, and then prevents that any task adds content. Dispose the result.
   *
   * @throws the signal's reason
   */
  holdForSweep(signal: AbortSignal): Promise<Disposable>;
  /** Every committed blob. */
  listBlobs(): AsyncIterable<BlobInfo>;
  /** Every unfinished write. */
  listIngests(): AsyncIterable<IngestStatus>;
  /**
   * Removes a blob if it exists. The caller must hold the content with {@linkcode
   * StoreMaintenance.holdForSweep}.
   */
  removeBlob(digest: Digest): Promise<void>;
  /** Removes an unfinished write. Returns false if it is in use. */
  removeIngest(digest: Digest): Promise<boolean>;
  /**
   * Begins a write that replaces a damaged blob. The damaged blob stays until the commit renames the new one
   * over it.
   */
  beginReplacement(descriptor: Descriptor, signal: AbortSignal): Promise<Ingest>;
  /** Measures disk usage. */
  usage(): Promise<StoreUsage>;
}
