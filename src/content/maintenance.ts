/**
 * The contract for looking after a store: what is in it, what can go, what must be put right.
 *
 * @module
 */
import type { OnSlowWait } from "../base/slow_wait.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { BlobInfo, Ingest } from "./store.ts";

/** Facts about an unfinished write. */
export interface IngestStatus {
  /** What the bytes are to become. */
  readonly digest: Digest;
  /** Bytes that are here. */
  readonly offset: number;
  /** Bytes that there will be; as many as there are where that is not known. */
  readonly size: number;
  /** When a byte was last written, in milliseconds since 1970. */
  readonly updatedAt: number;
}

/** Space that a store takes. */
export interface StoreUsage {
  /** Committed blobs. */
  readonly blobs: number;
  /** Bytes on the disk (allocated blocks) of committed blobs. */
  readonly blobBytes: number;
  /** Unfinished writes. */
  readonly partials: number;
  /** Bytes on the disk of unfinished writes. */
  readonly partialBytes: number;
  /** Bytes on the disk of unpacked layers, hard links once. */
  readonly layerBytes: number;
  /** Inodes of all of these. */
  readonly inodes: number;
  /** Bytes that the file system has free for us, and in all; undefined where the runtime may not ask. */
  readonly free?: number;
  /** Bytes that the file system has in all. */
  readonly capacity?: number;
}

/** What a collector, a verifier and a repair need of a store. */
export interface StoreMaintenance {
  /**
   * Keeps collectors away while content is being added: what was fetched but has no name yet must not be swept.
   * Any number of holders at once, in any process. Dispose it.
   *
   * @param onWait hears it if a sweep takes more than a second
   * @throws the signal's reason
   */
  holdContent(signal: AbortSignal, onWait?: OnSlowWait): Promise<Disposable>;
  /**
   * Keeps everybody who adds content away, to sweep. Dispose it.
   *
   * @throws the signal's reason, while others hold the content
   */
  holdForSweep(signal: AbortSignal): Promise<Disposable>;
  /** Every committed blob. */
  listBlobs(): AsyncIterable<BlobInfo>;
  /** Every unfinished write. */
  listIngests(): AsyncIterable<IngestStatus>;
  /** Removes a blob. Only under {@linkcode StoreMaintenance.holdForSweep}. Removing what is not there is success. */
  removeBlob(digest: Digest): Promise<void>;
  /** Removes an unfinished write, unless somebody is writing it just now: then false. */
  removeIngest(digest: Digest): Promise<boolean>;
  /**
   * Begins a write that replaces a damaged blob: the bytes gather under another name, and the commit swaps them in
   * last. The damaged blob stays where it is until then.
   */
  beginReplacement(descriptor: Descriptor, signal: AbortSignal): Promise<Ingest>;
  /** Counts what the store takes. */
  usage(): Promise<StoreUsage>;
}
