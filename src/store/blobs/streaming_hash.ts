/**
 * The hash of an ingest, by whichever way is cheapest for its size.
 *
 * @module
 */
import { neverAborted } from "../../base/abort.ts";
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

/** A hash that grows with the file of an ingest. Dispose it. */
export interface StreamingHash extends Disposable {
  /** Takes the next bytes, which are in the file already; they may be changed by the caller afterwards. */
  update(bytes: Uint8Array): void;
  /**
   * Takes the first `size` bytes of the file instead, and gives how many it has taken.
   *
   * @throws the signal's reason
   */
  resume(size: number, signal: AbortSignal): Promise<number>;
  /** Lower-case hexadecimal. Ends the hash. */
  hex(): Promise<string>;
}

/** What is hashed. */
export interface HashTask {
  readonly algorithm: HashAlgorithm;
  /** The most bytes that will come. */
  readonly size: number;
  /** The file that they are written to. */
  readonly path: string;
}

/**
 * Begins a hash. Loading the streaming code costs 19 ms the first time: a pull of nothing but small blobs does without
 * it, since those can wait in memory, and for long ones a thread loads it.
 */
export function beginHash(task: HashTask, follower: BackgroundHasher): StreamingHash {
  const { algorithm, size, path } = task;
  const followed = size >= HASH_THREAD_MIN_BYTES ? follower.follow(path, algorithm) : undefined;
  if (followed !== undefined) return new FollowingHash(task, followed);
  // Where it is loaded it beats the other way for small ones too, which hands each of them to a thread.
  if (size <= HASH_IN_MEMORY_MAX_BYTES && findHashing() === undefined) return new WholeHash(task);
  return new StreamHash(task);
}

class WholeHash implements StreamingHash {
  readonly #task: HashTask;
  #whole: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  #hex: Promise<string> | undefined;

  constructor(task: HashTask) {
    this.#task = task;
  }

  update(bytes: Uint8Array): void {
    const { algorithm, size } = this.#task;
    // Most come in one piece. The digest takes a copy of its own before it lets go of us.
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

/** Whether the bytes are this thread's alone, as a digest wants them. */
function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}

/**
 * The code is loaded when the first bytes are here: the host sends more meanwhile, where loading it before the first
 * request would let it wait. What comes until then is read back from the file.
 */
class StreamHash implements StreamingHash {
  readonly #task: HashTask;
  #hasher: Hasher | undefined;
  /** Bytes that are in the file, and in the hash. */
  #offset = 0;
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
      const room = buffer.subarray(0, Math.min(buffer.length, this.#offset - this.#hashed));
      const n = attempt("read", path, () => file.readSync(room));
      // Somebody has cut the file: its hash will tell.
      if (n === null) break;
      hasher.update(room.subarray(0, n));
      this.#hashed += n;
    }
    return hasher;
  }

  [Symbol.dispose](): void {}
}

class FollowingHash implements StreamingHash {
  readonly #task: HashTask;
  readonly #followed: BackgroundHash;
  #offset = 0;

  constructor(task: HashTask, followed: BackgroundHash) {
    this.#task = task;
    this.#followed = followed;
  }

  update(bytes: Uint8Array): void {
    this.#offset += bytes.length;
    this.#followed.grow(this.#offset);
  }

  resume(size: number): Promise<number> {
    this.#offset = size;
    this.#followed.grow(size);
    return Promise.resolve(size);
  }

  async hex(): Promise<string> {
    return await this.#followed.end(this.#offset) ?? await this.#hashFile();
  }

  [Symbol.dispose](): void {
    this.#followed[Symbol.dispose]();
  }

  /** The other thread is lost: what it had is hashed once more. */
  async #hashFile(): Promise<string> {
    const { path, algorithm } = this.#task;
    const hasher = (await loadHashing())(algorithm);
    await readFile(path, this.#offset, hasher, neverAborted());
    return hasher.hex();
  }
}

/** Hashes the first `size` bytes of a file, and gives how many there were. @throws the signal's reason */
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
