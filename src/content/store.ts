/**
 * The contracts of a content store: committed blobs, and ingests on their way to become one.
 *
 * @module
 */
import type { OnSlowWait } from "../base/slow_wait.ts";
import type { ByteReader } from "../base/bytes.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";

/** Facts about a committed blob. */
export interface BlobInfo {
  /** What its bytes hash to. */
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** When it was committed, in milliseconds since 1970. */
  readonly committedAt: number;
}

/** An open blob. Dispose it. */
export interface OpenBlob extends ByteReader, Disposable {
  /** Bytes. */
  readonly size: number;
  /** The file that the blob is, for another thread to read; undefined if it is none. */
  readonly path?: string;
}

/** Reads committed blobs. Whatever it gives was verified when it was committed. */
export interface ContentReader {
  /** Facts about a blob, or undefined if there is none. */
  findBlob(digest: Digest): Promise<BlobInfo | undefined>;
  /**
   * Opens a blob at its first byte.
   *
   * @throws AppError `not_found`
   */
  openBlob(digest: Digest): Promise<OpenBlob>;
  /**
   * Reads a whole blob.
   *
   * @param limit the most bytes to accept
   * @throws AppError `not_found`, `limit_exceeded`
   */
  readBlob(digest: Digest, limit: number): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * An unfinished write of one blob, resumable by any process, with one writer at a time.
 *
 * `write` is synchronous: on the hot path one loop reads, hashes and writes, and an await per chunk costs more than
 * the write. Dispose an ingest on every path: what was neither committed nor aborted stays as a partial that the next
 * writer goes on from.
 */
export interface Ingest extends AsyncDisposable {
  /** What is being written. */
  readonly descriptor: Descriptor;
  /** Bytes that are here already, hashed; the next byte to write has this offset. */
  readonly offset: number;
  /**
   * Takes the next bytes: hashes and writes them.
   *
   * @throws AppError `size_mismatch` at the first byte over the descriptor's size (nothing of `bytes` is kept),
   * `no_space`, `permission_denied`
   */
  write(bytes: Uint8Array): void;
  /** Throws away all that was written and begins again at offset 0. */
  restart(): void;
  /**
   * Makes the bytes a blob: checks digest and size, syncs, renames, syncs the directory. Success also if somebody
   * else committed the same blob meanwhile.
   *
   * @throws AppError `digest_mismatch` or `size_mismatch` (the partial is thrown away), `no_space`
   */
  commit(): Promise<void>;
  /** Throws the partial away. */
  abort(): Promise<void>;
}

/** Begins ingests. */
export interface Ingester {
  /**
   * Begins or resumes the write of a blob, and waits while another writer (of this process or another) has it.
   *
   * @param onWait hears it if another writer takes more than a second
   * @returns undefined if the blob is committed already: also when another writer committed it meanwhile
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

/** A write whose digest nobody knows before its last byte: a layer of an archive that names no digests. */
export interface AnonymousIngest extends AsyncDisposable {
  /** Takes the next bytes: hashes and writes them. @throws AppError `no_space`, `permission_denied` */
  write(bytes: Uint8Array): void;
  /** Makes the bytes a blob under their sha256. Success also if the store has it. @throws AppError `no_space` */
  commit(): Promise<BlobInfo>;
}

/** Begins writes of unknown digest. Such a write can't be resumed; disposing it throws the bytes away. */
export interface AnonymousIngester {
  /** Begins a write. @throws AppError `no_space`, `permission_denied` */
  beginUnnamed(): Promise<AnonymousIngest>;
}
