/**
 * Hashing long files on another thread while they are written on this one.
 *
 * The thread reads the bytes back from the file, where they still are in memory: handing them over in messages was
 * slower. A layer of 1 GiB over loopback takes 1.2 s so instead of 1.45, ten of 100 MiB 1.27 instead of 1.64; and this
 * thread need not load the code that hashes.
 *
 * @module
 */
import type { HashAlgorithm } from "../../base/hash.ts";
import { receiveFromThread, type StartWorker } from "../../base/worker.ts";
import { HASH_THREAD_STEP_BYTES } from "../../base/tuning.ts";
import type { HashJob, HashMessage } from "./hash_thread.ts";

/** Follows the files of one store: with one thread, which lives as long as there is a file to follow. */
export class BackgroundHasher {
  readonly #start: StartWorker;
  readonly #waiting = new Map<number, (hex: string | undefined) => void>();
  #worker: Worker | undefined;
  #hasFailed = false;
  #files = 0;
  #lastId = 0;

  /** @param start starts the thread */
  constructor(start: StartWorker) {
    this.#start = start;
  }

  /** Begins to follow a file from its first byte; undefined if there can be no thread. */
  follow(path: string, algorithm: HashAlgorithm): BackgroundHash | undefined {
    const worker = this.#hasFailed ? undefined : this.#worker ??= this.#startWorker();
    if (worker === undefined) return undefined;
    this.#files++;
    const id = ++this.#lastId;
    return new BackgroundHash({
      tell: (offset, what) => worker.postMessage({ id, path, algorithm, offset, what } satisfies HashJob),
      answer: () =>
        new Promise((resolve) => this.#hasFailed ? resolve(undefined) : this.#waiting.set(id, resolve)),
      release: () => this.#release(),
    });
  }

  #startWorker(): Worker | undefined {
    const worker = this.#start("hash");
    if (worker === undefined) {
      this.#fail();
      return undefined;
    }
    const settleWith = (reply: HashMessage) => {
      const settle = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      settle?.("hex" in reply ? reply.hex : undefined);
    };
    receiveFromThread(worker, settleWith, () => this.#fail());
    return worker;
  }

  /** It costs nothing but time: whoever waits hashes his file himself. */
  #fail(): void {
    this.#hasFailed = true;
    for (const settle of this.#waiting.values()) settle(undefined);
    this.#waiting.clear();
  }

  #release(): void {
    if (--this.#files > 0) return;
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}

interface FollowedFileDeps {
  readonly tell: (offset: number, what: HashJob["what"]) => void;
  /** The hash that comes, or undefined if none will. */
  readonly answer: () => Promise<string | undefined>;
  readonly release: () => void;
}

/** One file on the other thread. Dispose it. */
export class BackgroundHash implements Disposable {
  readonly #deps: FollowedFileDeps;
  #told = 0;
  #isOver = false;

  /** For {@linkcode BackgroundHasher.follow} alone. */
  constructor(deps: FollowedFileDeps) {
    this.#deps = deps;
  }

  /** The file has so many bytes now. */
  grow(offset: number): void {
    if (offset - this.#told < HASH_THREAD_STEP_BYTES) return;
    this.#told = offset;
    this.#deps.tell(offset, "grow");
  }

  /** The hash of the first `size` bytes, in lower-case hexadecimal; undefined if the thread could not do it. */
  async end(size: number): Promise<string | undefined> {
    if (this.#isOver) return undefined;
    const answer = this.#deps.answer();
    this.#deps.tell(size, "end");
    const hex = await answer;
    this.#close();
    return hex;
  }

  [Symbol.dispose](): void {
    if (!this.#isOver) this.#deps.tell(0, "drop");
    this.#close();
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deps.release();
  }
}
