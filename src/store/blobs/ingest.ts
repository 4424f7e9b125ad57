/**
 * One unfinished write on the disk.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { STATELESS_WRITE_MAX_BYTES } from "../../base/tuning.ts";
import type { Ingest } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, makeDigest } from "../../oci/digest.ts";
import { removeEventually, removeQuietly, syncFile } from "../fs/fs.ts";
import { PeriodicSync } from "./periodic_sync.ts";
import { attempt } from "../fs/fs_errors.ts";
import { dropPartial, findState, isSameBlob, writeState } from "./partial.ts";
import { type IngestEnvironment, protectBlob, publishBlob } from "./ingest_environment.ts";
import { beginHash, type StreamingHash } from "./streaming_hash.ts";
import { writeAll } from "../fs/write_all.ts";

/** An ingest whose file is open and locked. */
export class FileIngest implements Ingest {
  readonly descriptor: Descriptor;
  readonly #place: IngestEnvironment;
  readonly #file: Deno.FsFile;
  readonly #turn: Disposable;
  readonly #earlySync: PeriodicSync;
  #hash: StreamingHash;
  #offset: number;
  #hasState: boolean;
  #isVerified = false;
  #isClosed = false;

  private constructor(
    descriptor: Descriptor,
    place: IngestEnvironment,
    file: Deno.FsFile,
    turn: Disposable,
    start: { readonly hash: StreamingHash; readonly offset: number; readonly hasState: boolean },
  ) {
    this.descriptor = descriptor;
    this.#place = place;
    this.#file = file;
    this.#turn = turn;
    this.#earlySync = new PeriodicSync(place.paths.data);
    this.#hash = start.hash;
    this.#offset = start.offset;
    this.#hasState = start.hasState;
  }

  /**
   * Goes on from what is in the file, if that was to become the same blob. Takes over `file` and `turn` unless it throws.
   *
   * @param file open for reading and writing, locked, and at the place's data path
   * @param have bytes that are in the file
   */
  static async resume(
    descriptor: Descriptor,
    place: IngestEnvironment,
    file: Deno.FsFile,
    have: number,
    turn: Disposable,
    signal: AbortSignal,
  ): Promise<FileIngest> {
    const hash = hashFor(descriptor, place);
    try {
      const { offset, hasState } = await findStart(descriptor, place, file, have, hash, signal);
      return new FileIngest(descriptor, place, file, turn, { hash, offset, hasState });
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
      throw new AppError("size_mismatch", `Cannot write blob "${digest}": it has more bytes, want ${size}`, {
        details: { digest, want: size, got: this.#offset + bytes.length },
      });
    }
    // Hash and offset follow what the disk took, so that the partial is good.
    writeAll(this.#file, this.#place.paths.data, bytes, (piece) => {
      this.#hash.update(piece);
      this.#offset += piece.length;
    });
    this.#earlySync.note(bytes.length);
    this.#place.onStep("data-written");
  }

  restart(): void {
    this.#mustBeOpen("restart");
    attempt("write", this.#place.paths.data, () => {
      this.#file.truncateSync(0);
      this.#file.seekSync(0, Deno.SeekMode.Start);
    });
    this.#offset = 0;
    this.#isVerified = false;
    this.#hash[Symbol.dispose]();
    this.#hash = hashFor(this.descriptor, this.#place);
  }

  async commit(): Promise<void> {
    this.#mustBeOpen("commit");
    const { paths, blobDirectory, syncer, onStep } = this.#place;
    // The hash of a long blob may still be on its way on another thread, while the disk is busy anyway.
    const judging = this.#judge();
    judging.catch(() => {});
    try {
      // What an early sync could not write, a later one may not tell of again.
      await this.#earlySync.end();
      await syncFile(this.#file, paths.data);
    } catch (error) {
      await judging.catch(() => {});
      // After a failed sync the kernel may take the pages for clean: what reads back well need not be on the disk.
      this.restart();
      throw error;
    }
    const problem = await judging;
    if (problem !== undefined) {
      this.restart();
      throw problem;
    }
    onStep("data-synced");
    await publishBlob(this.#place);
    onStep("renamed");
    this.#isClosed = true;
    try {
      await syncer.sync(blobDirectory);
      onStep("directory-synced");
      protectBlob(this.#place);
      if (this.#hasState) removeQuietly(paths.state);
      if (paths.directory !== undefined) await removeEventually(paths.directory);
      onStep("ingest-removed");
    } finally {
      this.#release();
    }
  }

  async abort(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      dropPartial(this.#place.paths);
      await this.#earlySync.end().catch(() => {});
    } finally {
      this.#release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#offset === 0) return await this.abort();
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      // Bytes that did not get to the disk are found by the hash of whoever goes on from here.
      await this.#earlySync.end().catch(() => {});
      if (!this.#hasState) writeState(this.#place.paths.state, this.descriptor);
    } catch (error) {
      // A full disk is what brings us here most often; a small partial does without its facts.
      if (!(error instanceof AppError)) throw error;
    } finally {
      this.#release();
    }
  }

  /** What is wrong with the bytes. Does not touch the file, which may be syncing. */
  async #judge(): Promise<AppError | undefined> {
    if (this.#isVerified) return undefined;
    const { digest, size } = this.descriptor;
    const offset = this.#offset;
    if (offset !== size) {
      const message = `Cannot commit blob "${digest}": it has ${offset} bytes, want ${size}`;
      return new AppError("size_mismatch", message, { details: { digest, want: size, got: offset } });
    }
    const got = makeDigest(algorithmOf(digest), await this.#hash.hex());
    if (got !== digest) {
      const message = `Cannot commit blob "${digest}": its bytes hash to "${got}"`;
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
    this.#turn[Symbol.dispose]();
  }
}

function hashFor({ digest, size }: Descriptor, { paths, follower }: IngestEnvironment): StreamingHash {
  return beginHash({ algorithm: algorithmOf(digest), size, path: paths.data }, follower);
}

/** Finds out what of the file is good to go on from, and writes the facts that let others go on from here. */
async function findStart(
  descriptor: Descriptor,
  { paths, onStep }: IngestEnvironment,
  file: Deno.FsFile,
  have: number,
  hash: StreamingHash,
  signal: AbortSignal,
): Promise<{ readonly offset: number; readonly hasState: boolean }> {
  const isSmall = descriptor.size <= STATELESS_WRITE_MAX_BYTES;
  const state = have > 0 ? findState(paths.state) : undefined;
  const isOurs = have > 0 && have <= descriptor.size &&
    (state === undefined ? isSmall : isSameBlob(state, descriptor));
  if (!isOurs && have > 0) attempt("write", paths.data, () => file.truncateSync(0));
  // Facts that are not those of this blob would stay when it is committed, and stand in the way of the next bytes.
  if (isSmall && have > 0 && (state === undefined || !isOurs)) removeQuietly(paths.state);
  const hasState = !isSmall;
  if (!isOurs) {
    if (hasState) {
      writeState(paths.state, descriptor);
      onStep("state-written");
    }
    return { offset: 0, hasState };
  }
  const offset = await hash.resume(have, signal);
  if (offset < have) attempt("write", paths.data, () => file.truncateSync(offset));
  file.seekSync(offset, Deno.SeekMode.Start);
  return { offset, hasState: state !== undefined };
}
