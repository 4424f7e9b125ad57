/**
 * The contract for maintaining a store: listing its content, removing and repairing it.
 *
 * @module
 */
import type { OnSlowWait } from "../base/concurrency/slow_wait.ts";
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
  /** Allocated bytes of unpacked layers, also of those that are being unpacked or deleted; hard links count once. */
  readonly layerBytes: number;
  /** Inodes of all of these. */
  readonly inodes: number;
  /** Bytes of the file system that are available to us; undefined without permission to read them. */
  readonly free?: number;
  /** Size of the file system in bytes; undefined without permission to read it. */
  readonly capacity?: number;
}

/** Digests that no collection deletes until the hold is disposed or its process ends. */
export interface ContentHold extends Disposable {
  /**
   * Holds more digests: of blobs, or chain ids of unpacked layers. They needn't be stored yet.
   *
   * Only once this has resolved, check whether the content is stored: a collection may delete it until then. Dispose
   * the hold only after the index transaction that records the content.
   *
   * @throws the signal's reason, AppError `no_space`
   */
  add(digests: Iterable<Digest>): Promise<void>;
}

/** A period in which no hold gets another digest. Content is deleted only in one; it must be short. */
export interface Sweep extends Disposable {
  /**
   * Whether any process holds a digest. Read the index after the sweep has begun: a hold that ended earlier has recorded
   * its content by then.
   */
  isHeld(digest: Digest): boolean;
}

/** The operations of a garbage collector, a verifier and a repair. */
export interface StoreMaintenance {
  /**
   * Begins to hold content by its digests; see {@linkcode ContentHold}. A process that may not write to the store can't
   * record digests: its first `add`, even of none, holds all content.
   *
   * @param signal cancels waiting for a sweep
   * @param onWait called if a sweep takes longer than a second
   */
  beginHold(signal: AbortSignal, onWait?: OnSlowWait): ContentHold;
  /**
   * Begins a sweep. Waits for another sweep, and for holds of stores that are opened for reading, but not for other
   * holds. Dispose it soon: no operation can hold more digests until then.
   *
   * @throws the signal's reason
   */
  beginSweep(signal: AbortSignal): Promise<Sweep>;
  /** Every committed blob. */
  listBlobs(): AsyncIterable<BlobInfo>;
  /** Every unfinished write. */
  listIngests(): AsyncIterable<IngestStatus>;
  /** Removes a blob if it exists. Call it only in a sweep, for a digest that isn't held. */
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
