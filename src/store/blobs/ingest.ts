/**
 * One unfinished write.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { STATELESS_WRITE_MAX_BYTES } from "../../base/tuning.ts";
import type { Ingest } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, makeDigest } from "../../oci/digest.ts";
import { removeEventually, removeQuietly, syncFile } from "../fs/fs.ts";
import { attempt } from "../fs/fs_errors.ts";
import { writeAll } from "../fs/write_all.ts";
import { type IngestEnvironment, protectBlob, publishBlob } from "./ingest_environment.ts";
import { dropPartial, findState, isSameBlob, writeState } from "./partial.ts";
import { PeriodicSync } from "./periodic_sync.ts";
import { beginHash, type StreamingHash } from "./streaming_hash.ts";

/** An ingest whose file is open and locked. */
export class FileIngest implements Ingest {
  readonly descriptor: Descriptor;
  readonly #environment: IngestEnvironment;
  readonly #file: Deno.FsFile;
  readonly #lock: Disposable;
  readonly #periodicSync: PeriodicSync;
  #hash: StreamingHash;
  #offset: number;
  #hasState: boolean;
  #isVerified = false;
  #isClosed = false;

  private constructor(
    descriptor: Descriptor,
    environment: IngestEnvironment,
    file: Deno.FsFile,
    lock: Disposable,
    start: { readonly hash: StreamingHash; readonly offset: number; readonly hasState: boolean },
  ) {
    this.descriptor = descriptor;
    this.#environment = environment;
    this.#file = file;
    this.#lock = lock;
    this.#periodicSync = new PeriodicSync(environment.paths.data);
    this.#hash = start.hash;
    this.#offset = start.offset;
    this.#hasState = start.hasState;
  }

  /**
   * Resumes the write that the file contains if it is of the same blob; otherwise starts at offset 0. Takes
   * ownership of `file` and `lock` unless it throws.
   *
   * @param file open for reading and writing, locked, and at the data path of the environment
   * @param length bytes in the file
   * @param lock excludes other writers of this process
   */
  static async resume(
    descriptor: Descriptor,
    environment: IngestEnvironment,
    file: Deno.FsFile,
    length: number,
    lock: Disposable,
    signal: AbortSignal,
  ): Promise<FileIngest> {
    const hash = hashFor(descriptor, environment);
    try {
      const { offset, hasState } = await findStart(descriptor, environment, file, length, hash, signal);
      return new FileIngest(descriptor, environment, file, lock, { hash, offset, hasState });
    } catch (error) {
      hash[Symbol.dispose]();
      throw error;
    }
  }

  get offset(): number {
    return this.#offset;
  }

  write(bytes: Uint8Array): void {
    this.#mustBeOpen("write");
    const { digest, size } = this.descriptor;
    if (this.#offset + bytes.length > size) {
      throw new AppError("size_mismatch", `Cannot write blob "${digest}": it has more than ${size} bytes`, {
        details: { digest, want: size, got: this.#offset + bytes.length },
      });
    }
    // Hash and offset count only what was written, so that the partial can be resumed after a failure.
    writeAll(this.#file, this.#environment.paths.data, bytes, (piece) => {
      this.#hash.update(piece);
      this.#offset += piece.length;
    });
    this.#periodicSync.addWritten(bytes.length);
  }

  restart(): void {
    this.#mustBeOpen("restart");
    attempt("write", this.#environment.paths.data, () => {
      this.#file.truncateSync(0);
      this.#file.seekSync(0, Deno.SeekMode.Start);
    });
    this.#offset = 0;
    this.#isVerified = false;
    this.#hash[Symbol.dispose]();
    this.#hash = hashFor(this.descriptor, this.#environment);
  }

  async commit(): Promise<void> {
    this.#mustBeOpen("commit");
    const { paths, blobDirectory, syncer } = this.#environment;
    // In parallel with the sync: a worker may still be hashing a long blob.
    const verification = this.#verify();
    verification.catch(() => {});
    try {
      // The kernel reports a failed write-back only once, possibly to the periodic sync.
      await this.#periodicSync.end();
      await syncFile(this.#file, paths.data);
    } catch (error) {
      await verification.catch(() => {});
      // After a failed sync the kernel may mark the pages clean: a second sync could succeed without the
      // bytes on the disk.
      this.restart();
      throw error;
    }
    const problem = await verification;
    if (problem !== undefined) {
      this.restart();
      throw problem;
    }
    await publishBlob(this.#environment);
    this.#isClosed = true;
    try {
      await syncer.sync(blobDirectory);
      protectBlob(this.#environment);
      if (this.#hasState) removeQuietly(paths.state);
      if (paths.directory !== undefined) await removeEventually(paths.directory);
    } finally {
      this.#release();
    }
  }

  async abort(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      dropPartial(this.#environment.paths);
      await this.#periodicSync.end().catch(() => {});
    } finally {
      this.#release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#offset === 0 || this.#environment.isPrivate) return await this.abort();
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      // If bytes didn't reach the disk, the hash of the resumed write detects it.
      await this.#periodicSync.end().catch(() => {});
      if (!this.#hasState) writeState(this.#environment.paths.state, this.descriptor);
    } catch (error) {
      // Most often the disk is full. A small partial can be resumed without a state file.
      if (!(error instanceof AppError)) throw error;
    } finally {
      this.#release();
    }
  }

  /** Returns what is wrong with the bytes. Doesn't use the file, which may be syncing. */
  async #verify(): Promise<AppError | undefined> {
    if (this.#isVerified) return undefined;
    const { digest, size } = this.descriptor;
    const offset = this.#offset;
    if (offset !== size) {
      const message = `Cannot commit blob "${digest}": it has ${offset} bytes, expected ${size}`;
      return new AppError("size_mismatch", message, { details: { digest, want: size, got: offset } });
    }
    const got = makeDigest(algorithmOf(digest), await this.#hash.hex());
    if (got !== digest) {
      const message = `Cannot commit blob "${digest}": its digest is "${got}"`;
      return new AppError("digest_mismatch", message, { details: { want: digest, got, size } });
    }
    this.#isVerified = true;
    return undefined;
  }

  #mustBeOpen(action: string): void {
    if (!this.#isClosed) return;
    throw new AppError(
      "internal",
      `Cannot ${action} ingest "${this.descriptor.digest}": it is committed or closed`,
    );
  }

  #release(): void {
    this.#hash[Symbol.dispose]();
    this.#file.close();
    this.#lock[Symbol.dispose]();
  }
}

function hashFor({ digest, size }: Descriptor, { paths, hasher }: IngestEnvironment): StreamingHash {
  return beginHash({ algorithm: algorithmOf(digest), size, path: paths.data }, hasher);
}

/** Determines the offset at which the write resumes, and writes the state file of a new one. */
async function findStart(
  descriptor: Descriptor,
  { paths }: IngestEnvironment,
  file: Deno.FsFile,
  length: number,
  hash: StreamingHash,
  signal: AbortSignal,
): Promise<{ readonly offset: number; readonly hasState: boolean }> {
  const isSmall = descriptor.size <= STATELESS_WRITE_MAX_BYTES;
  const state = length > 0 ? findState(paths.state) : undefined;
  const isResumable = length > 0 && length <= descriptor.size &&
    (state === undefined ? isSmall : isSameBlob(state, descriptor));
  if (!isResumable && length > 0) attempt("write", paths.data, () => file.truncateSync(0));
  // A commit wouldn't remove the state file of another blob, and the next partial couldn't be resumed because
  // of it.
  if (isSmall && length > 0 && (state === undefined || !isResumable)) removeQuietly(paths.state);
  const hasState = !isSmall;
  if (!isResumable) {
    if (hasState) writeState(paths.state, descriptor);
    return { offset: 0, hasState };
  }
  const offset = await hash.resume(length, signal);
  if (offset < length) attempt("write", paths.data, () => file.truncateSync(offset));
  file.seekSync(offset, Deno.SeekMode.Start);
  return { offset, hasState: state !== undefined };
}
