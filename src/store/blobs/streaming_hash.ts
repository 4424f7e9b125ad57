/**
 * The hash of an ingest, computed in the fastest way for its size.
 *
 * @module
 */
import { neverAborted } from "../../base/concurrency/abort.ts";
import {
  findHashing,
  type HashAlgorithm,
  type Hasher,
  type HasherFactory,
  hashHex,
  loadHashing,
} from "../../base/hash.ts";
import {
  HASH_IN_MEMORY_MAX_BYTES,
  HASH_READ_BYTES,
  HASH_SYNC_READ_BYTES,
  HASH_THREAD_MIN_BYTES,
} from "../../base/tuning.ts";
import { attempt } from "../fs/fs_errors.ts";
import type { BackgroundHash, BackgroundHasher } from "./background_hasher.ts";

const NO_BYTES = new Uint8Array(0);

/** An incremental hash of the file of an ingest. Dispose it. */
export interface StreamingHash extends Disposable {
  /** Hashes the next bytes, which must already be written to the file. The caller may reuse the buffer. */
  update(bytes: Uint8Array): void;
  /**
   * Hashes the first `size` bytes of the file.
   *
   * @returns the number of bytes hashed; less than `size` if the file is shorter
   * @throws the signal's reason
   */
  resume(size: number, signal: AbortSignal): Promise<number>;
  /** Ends the hash and returns it in lower-case hexadecimal. */
  hex(): Promise<string>;
}

/** The input of a hash. */
export interface HashTask {
  readonly algorithm: HashAlgorithm;
  /** The maximum number of bytes. */
  readonly size: number;
  /** The file that they are written to. */
  readonly path: string;
}

/**
 * Begins a hash. Loading the incremental hasher costs 19 ms once. A pull of only tiny blobs avoids it by
 * keeping them in memory, and for long blobs a worker thread loads it.
 */
export function beginHash(task: HashTask, hasher: BackgroundHasher): StreamingHash {
  const { algorithm, size, path } = task;
  const background = size >= HASH_THREAD_MIN_BYTES ? hasher.begin(path, algorithm) : undefined;
  if (background !== undefined) return new WorkerHash(task, background);
  // Once loaded, the incremental hasher is faster for tiny blobs too: WebCrypto passes each one to another
  // thread.
  if (size <= HASH_IN_MEMORY_MAX_BYTES && findHashing() === undefined) return new InMemoryHash(task);
  return new IncrementalHash(task);
}

class InMemoryHash implements StreamingHash {
  readonly #task: HashTask;
  #whole: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  #hex: Promise<string> | undefined;

  constructor(task: HashTask) {
    this.#task = task;
  }

  update(bytes: Uint8Array): void {
    const { algorithm, size } = this.#task;
    // Most blobs arrive in one piece. WebCrypto copies the bytes before it returns.
    if (bytes.length === size && isUnshared(bytes)) {
      this.#hex = hashHex(algorithm, bytes);
      this.#hex.catch(() => {});
      return;
    }
    this.#whole ??= new Uint8Array(size);
    this.#whole.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  resume(size: number, signal: AbortSignal): Promise<number> {
    return readFile(this.#task.path, size, this, signal);
  }

  hex(): Promise<string> {
    return this.#hex ?? hashHex(this.#task.algorithm, (this.#whole ?? NO_BYTES).subarray(0, this.#filled));
  }

  [Symbol.dispose](): void {}
}

/** Whether the bytes aren't shared between threads: WebCrypto rejects shared ones. */
function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}

/**
 * Loads the hasher when the first bytes have arrived, while the host sends more; loading it before the first
 * request would delay the request. Bytes that arrive before it is loaded are read back from the file.
 */
class IncrementalHash implements StreamingHash {
  readonly #task: HashTask;
  #hasher: Hasher | undefined;
  /** Number of bytes in the file. */
  #offset = 0;
  /** Number of bytes in the hash. */
  #hashed = 0;

  constructor(task: HashTask) {
    this.#task = task;
  }

  update(bytes: Uint8Array): void {
    const make = findHashing();
    if (make === undefined) loadHashing().catch(() => {});
    else {
      this.#catchUp(make).update(bytes);
      this.#hashed += bytes.length;
    }
    this.#offset += bytes.length;
  }

  async resume(size: number, signal: AbortSignal): Promise<number> {
    this.#hasher = (await loadHashing())(this.#task.algorithm);
    return this.#offset = this.#hashed = await readFile(this.#task.path, size, this.#hasher, signal);
  }

  async hex(): Promise<string> {
    return this.#catchUp(await loadHashing()).hex();
  }

  #catchUp(make: HasherFactory): Hasher {
    const { path, algorithm } = this.#task;
    const hasher = this.#hasher ??= make(algorithm);
    if (this.#hashed === this.#offset) return hasher;
    using file = attempt("read", path, () => Deno.openSync(path, { read: true }));
    attempt("read", path, () => file.seekSync(this.#hashed, Deno.SeekMode.Start));
    const buffer = new Uint8Array(Math.min(HASH_SYNC_READ_BYTES, this.#offset - this.#hashed));
    while (this.#hashed < this.#offset) {
      const target = buffer.subarray(0, Math.min(buffer.length, this.#offset - this.#hashed));
      const n = attempt("read", path, () => file.readSync(target));
      // The file was truncated by another process; the hash won't match.
      if (n === null) break;
      hasher.update(target.subarray(0, n));
      this.#hashed += n;
    }
    return hasher;
  }

  [Symbol.dispose](): void {}
}

class WorkerHash implements StreamingHash {
  readonly #task: HashTask;
  readonly #background: BackgroundHash;
  #offset = 0;

  constructor(task: HashTask, background: BackgroundHash) {
    this.#task = task;
    this.#background = background;
  }

  update(bytes: Uint8Array): void {
    this.#offset += bytes.length;
    this.#background.grow(this.#offset);
  }

  resume(size: number): Promise<number> {
    this.#offset = size;
    this.#background.grow(size);
    return Promise.resolve(size);
  }

  async hex(): Promise<string> {
    return await this.#background.end(this.#offset) ?? await this.#hashFile();
  }

  [Symbol.dispose](): void {
    this.#background[Symbol.dispose]();
  }

  /** Hashes the whole file on the current thread, after the worker has failed. */
  async #hashFile(): Promise<string> {
    const { path, algorithm } = this.#task;
    const hasher = (await loadHashing())(algorithm);
    await readFile(path, this.#offset, hasher, neverAborted());
    return hasher.hex();
  }
}

/** Hashes the first `size` bytes of a file and returns how many it has. @throws the signal's reason */
async function readFile(
  path: string,
  size: number,
  hash: Pick<StreamingHash, "update">,
  signal: AbortSignal,
): Promise<number> {
  using file = attempt("read", path, () => Deno.openSync(path, { read: true }));
  const buffer = new Uint8Array(Math.min(HASH_READ_BYTES, size));
  let offset = 0;
  while (offset < size) {
    signal.throwIfAborted();
    const n = await file.read(buffer.subarray(0, Math.min(buffer.length, size - offset)));
    if (n === null) break;
    hash.update(buffer.subarray(0, n));
    offset += n;
  }
  return offset;
}
