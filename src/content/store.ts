/**
 * The contracts of a content store: committed blobs, and the ingests that become blobs.
 *
 * @module
 */
import type { OnSlowWait } from "../base/concurrency/slow_wait.ts";
import type { ByteReader } from "../base/bytes.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";

/** Properties of a committed blob. */
export interface BlobInfo {
  /** The digest of its content. */
  readonly digest: Digest;
  /** Size in bytes. */
  readonly size: number;
  /** Time of the commit, in milliseconds since 1970. */
  readonly committedAt: number;
}

/** An open blob. Dispose it. */
export interface OpenBlob extends ByteReader, Disposable {
  /** Size in bytes. */
  readonly size: number;
  /** The blob's file, which another thread can read; undefined if the blob isn't a file. */
  readonly path?: string;
}

/** Reads committed blobs. Their content was verified when they were committed. */
export interface ContentReader {
  /**
   * Properties of a blob, or undefined if it isn't stored.
   *
   * @throws AppError `permission_denied`
   */
  findBlob(digest: Digest): Promise<BlobInfo | undefined>;
  /**
   * Opens a blob at its first byte.
   *
   * @throws AppError `not_found`, `permission_denied`
   */
  openBlob(digest: Digest): Promise<OpenBlob>;
  /**
   * Reads a whole blob.
   *
   * @param limit the maximum size in bytes
   * @throws AppError `not_found`, `limit_exceeded`
   */
  readBlob(digest: Digest, limit: number): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * An unfinished write of one blob with one writer at a time, which any process can resume.
 *
 * `write` is synchronous because one loop reads, hashes and writes, and an `await` per chunk would cost more
 * than the write. Dispose an ingest on every path: if it was neither committed nor aborted, it stays as a
 * partial that the next writer resumes.
 */
export interface Ingest extends AsyncDisposable {
  /** The blob that is being written. */
  readonly descriptor: Descriptor;
  /** The offset of the next byte to write; all bytes before it are stored. */
  readonly offset: number;
  /**
   * Hashes and writes the next bytes.
   *
   * @throws AppError `size_mismatch` if there are more bytes than the descriptor says (none of `bytes` is
   * written), `no_space`, `permission_denied`
   */
  write(bytes: Uint8Array): void;
  /** Discards what was written and restarts at offset 0. */
  restart(): void;
  /**
   * Checks digest and size, syncs the file, renames it and syncs the directory. Succeeds also if another
   * writer has committed the same blob in the meantime.
   *
   * @throws AppError `digest_mismatch` or `size_mismatch` (the partial is discarded), `no_space`
   */
  commit(): Promise<void>;
  /** Discards the partial. */
  abort(): Promise<void>;
}

/** Begins ingests. */
export interface Ingester {
  /**
   * Begins or resumes the write of a blob. Waits while another writer of this or another process has it, but
   * may begin a separate write, at offset 0, if that writer makes no progress.
   *
   * @param onWait called if another writer takes longer than a second
   * @returns undefined if the blob is committed, possibly by another writer in the meantime
   * @throws the signal's reason
   */
  beginIngest(
    descriptor: Descriptor,
    signal: AbortSignal,
    onWait?: OnSlowWait,
  ): Promise<Ingest | undefined>;
}

/** A store that reads and writes. */
export interface ContentStore extends ContentReader, Ingester {}

/**
 * A write whose digest isn't known before its last byte, such as a layer of an archive that names no digests.
 */
export interface AnonymousIngest extends AsyncDisposable {
  /** Hashes and writes the next bytes. @throws AppError `no_space`, `permission_denied` */
  write(bytes: Uint8Array): void;
  /**
   * Makes the bytes a blob under their sha256. Succeeds also if it is already stored.
   *
   * @param onDigest awaited before the blob is looked up or published, so that the caller can hold its digest
   * @throws AppError `no_space`
   */
  commit(onDigest?: (digest: Digest) => Promise<void>): Promise<BlobInfo>;
}

/** Begins writes of unknown digest. They can't be resumed; disposing one discards its bytes. */
export interface AnonymousIngester {
  /** Begins a write. @throws AppError `no_space`, `permission_denied` */
  beginAnonymous(): Promise<AnonymousIngest>;
}
