/**
 * Decoding layers on threads of their own, while this one makes the files: those are the two halves of the work.
 *
 * @module
 */
import { neverAborted } from "../../base/abort.ts";
import { MIB } from "../../base/bytes.ts";
import { loadHashing } from "../../base/hash.ts";
import { Limiter } from "../../base/limiter.ts";
import type { StartWorker } from "../../base/worker.ts";
import { compressionOfMediaType } from "../../compress/compression.ts";
import { essenceOf } from "../../oci/media_type.ts";
import {
  DECODE_INLINE,
  type DecodedLayer,
  type DecodeTask,
  type LayerDecoder,
  type PackedLayer,
} from "./decode.ts";
import { DecodingThread } from "./decoding_thread.ts";

/** Smaller blobs are decoded here before a thread knows of them. */
const THREAD_MIN_BYTES = MIB;

/**
 * Gzip takes as long to decompress as its files take to make: with a second thread the maker of files seldom waits, and
 * four layers take a twelfth less. For all else one thread is enough, and each costs 16 MB.
 */
const THREADS_MAX = 2;

/** Decodes large blobs on other threads, each of them one after the other, and all else here. Dispose it. */
export class ThreadDecoder implements LayerDecoder, Disposable {
  readonly #start: StartWorker;
  readonly #turns = new Limiter(THREADS_MAX);
  /** Held as well, and first, by layers that are quick to decompress. */
  readonly #quickTurns = new Limiter(1);
  /** Held while a large layer is decoded here: two at once would gain nothing. */
  readonly #hereTurns = new Limiter(1);
  readonly #idle: DecodingThread[] = [];
  /** All threads there are, idle or not. */
  readonly #threads = new Set<DecodingThread>();
  /** Whether a thread could not be had, or was lost: then none is asked for any more. */
  #isOver = false;
  /** The turn that nobody has while the thread that we are on is busy with other things as well. */
  #held: Promise<Disposable> | undefined;

  /**
   * @param start starts a thread, when a large blob comes
   * @param state whether the thread that we are on has more to do than layers, until {@linkcode relieve} is called
   */
  constructor(start: StartWorker, { isBusy = false }: { readonly isBusy?: boolean } = {}) {
    this.#start = start;
    if (isBusy) this.#held = this.#turns.acquire(neverAborted());
  }

  /** Starts a thread at once if one of the layers that will come is for it. @param sizes theirs, in bytes */
  prepare(sizes: readonly number[]): void {
    if (this.#threads.size > 0 || sizes.every((size) => size < THREAD_MIN_BYTES)) return;
    const thread = this.#begin();
    if (thread !== undefined) this.#idle.push(thread);
  }

  /**
   * The thread that we are on has nothing but layers to do from now on: all the others may be used, and it hashes layers
   * where that makes the shares even.
   */
  relieve(): void {
    void this.#held?.then((turn) => turn[Symbol.dispose]());
    this.#held = undefined;
  }

  async decode(
    layer: PackedLayer,
    task: DecodeTask,
    take: (chunk: Uint8Array) => void,
    signal: AbortSignal,
  ): Promise<DecodedLayer> {
    const { file } = layer;
    if (file === undefined || file.size < THREAD_MIN_BYTES) {
      return await DECODE_INLINE.decode(layer, task, take, signal);
    }
    using _quickTurn = isSlow(layer) ? undefined : await this.#quickTurns.acquire(signal);
    using _turn = await this.#turns.acquire(signal);
    const thread = this.#idle.pop() ?? this.#begin();
    const facts = thread && await this.#decodeThere(thread, file.path, task, take, signal);
    if (facts !== undefined) return facts;
    using _hereTurn = await this.#hereTurns.acquire(signal);
    return await DECODE_INLINE.decode(layer, task, take, signal);
  }

  /** Ends the threads. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    for (const thread of this.#threads) thread[Symbol.dispose]();
  }

  async #decodeThere(
    thread: DecodingThread,
    path: string,
    task: DecodeTask,
    take: (chunk: Uint8Array) => void,
    signal: AbortSignal,
  ): Promise<DecodedLayer | undefined> {
    try {
      const hasher = this.#held === undefined ? (await loadHashing())(task.algorithm) : undefined;
      return await thread.decode(path, task, hasher, take, signal);
    } finally {
      this.#giveBack(thread);
    }
  }

  #begin(): DecodingThread | undefined {
    const worker = this.#isOver ? undefined : this.#start("unpack");
    if (worker === undefined) {
      this.#isOver = true;
      return undefined;
    }
    const thread = new DecodingThread(worker);
    this.#threads.add(thread);
    return thread;
  }

  #giveBack(thread: DecodingThread): void {
    if (!thread.isLost) this.#idle.push(thread);
    else {
      thread[Symbol.dispose]();
      this.#threads.delete(thread);
      this.#isOver = true;
    }
  }
}

/** Whether it takes long to decompress. A wrong media type costs time, no more. */
function isSlow({ mediaType }: PackedLayer): boolean {
  return compressionOfMediaType(essenceOf(mediaType)) === "gzip";
}
