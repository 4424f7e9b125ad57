/**
 * Decodes layers on worker threads while the calling thread creates the files. Both take about the same time.
 *
 * @module
 */
import { neverAborted } from "../../base/concurrency/abort.ts";
import { loadHashing } from "../../base/hash.ts";
import { Limiter } from "../../base/concurrency/limiter.ts";
import type { StartWorker } from "../../base/concurrency/worker.ts";
import { DECODE_THREAD_MIN_BYTES, DECODE_THREADS_MAX } from "../../base/tuning.ts";
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

/**
 * Decodes large blobs on worker threads, one blob per thread at a time, and others on the calling thread.
 * Dispose it.
 */
export class ThreadDecoder implements LayerDecoder, Disposable {
  readonly #start: StartWorker;
  readonly #threadSlots = new Limiter(DECODE_THREADS_MAX);
  /** Acquired before a thread slot by formats that decompress quickly, which use only one thread. */
  readonly #quickSlots = new Limiter(1);
  /** Held while a large layer is decoded on the calling thread: two in parallel would not be faster. */
  readonly #inlineSlots = new Limiter(1);
  readonly #idle: DecodingThread[] = [];
  /** All threads, idle or not. */
  readonly #threads = new Set<DecodingThread>();
  /** Set after a thread could not be started or was lost: no further thread is started. */
  #isClosed = false;
  /** The thread slot that stays unused until {@linkcode release}, because the calling thread is busy. */
  #reservedSlot: Promise<Disposable> | undefined;

  /**
   * @param start starts a thread, called for the first large blob
   * @param state `isBusy`: the calling thread has other work until {@linkcode release} is called
   */
  constructor(start: StartWorker, { isBusy = false }: { readonly isBusy?: boolean } = {}) {
    this.#start = start;
    if (isBusy) this.#reservedSlot = this.#threadSlots.acquire(neverAborted());
  }

  /**
   * Starts a thread immediately if one of the expected layers needs one.
   *
   * @param sizes the bytes of each layer's blob
   */
  prepare(sizes: readonly number[]): void {
    if (this.#threads.size > 0 || sizes.every((size) => size < DECODE_THREAD_MIN_BYTES)) return;
    const thread = this.#startThread();
    if (thread !== undefined) this.#idle.push(thread);
  }

  /**
   * Ends the busy state: the calling thread has no other work any more. From now on the decoder uses all
   * threads, and hashes gzip layers on the calling thread to balance the load.
   */
  release(): void {
    void this.#reservedSlot?.then((slot) => slot[Symbol.dispose]());
    this.#reservedSlot = undefined;
  }

  async decode(
    layer: PackedLayer,
    task: DecodeTask,
    onChunk: (chunk: Uint8Array) => void,
    signal: AbortSignal,
  ): Promise<DecodedLayer> {
    const { file } = layer;
    if (file === undefined || file.size < DECODE_THREAD_MIN_BYTES) {
      return await DECODE_INLINE.decode(layer, task, onChunk, signal);
    }
    using _quickSlot = isSlow(layer) ? undefined : await this.#quickSlots.acquire(signal);
    using _threadSlot = await this.#threadSlots.acquire(signal);
    const thread = this.#idle.pop() ?? this.#startThread();
    const decoded = thread && await this.#decodeOn(thread, file.path, task, onChunk, signal);
    if (decoded !== undefined) return decoded;
    using _inlineSlot = await this.#inlineSlots.acquire(signal);
    return await DECODE_INLINE.decode(layer, task, onChunk, signal);
  }

  /** Ends the threads. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const thread of this.#threads) thread[Symbol.dispose]();
  }

  async #decodeOn(
    thread: DecodingThread,
    path: string,
    task: DecodeTask,
    onChunk: (chunk: Uint8Array) => void,
    signal: AbortSignal,
  ): Promise<DecodedLayer | undefined> {
    try {
      const hasher = this.#reservedSlot === undefined ? (await loadHashing())(task.algorithm) : undefined;
      return await thread.decode(path, task, hasher, onChunk, signal);
    } finally {
      this.#returnThread(thread);
    }
  }

  #startThread(): DecodingThread | undefined {
    const worker = this.#isClosed ? undefined : this.#start("unpack");
    if (worker === undefined) {
      this.#isClosed = true;
      return undefined;
    }
    const thread = new DecodingThread(worker);
    this.#threads.add(thread);
    return thread;
  }

  #returnThread(thread: DecodingThread): void {
    if (!thread.isLost) this.#idle.push(thread);
    else {
      thread[Symbol.dispose]();
      this.#threads.delete(thread);
      this.#isClosed = true;
    }
  }
}

/** Whether the format is slow to decompress. A wrong media type only costs time. */
function isSlow({ mediaType }: PackedLayer): boolean {
  return compressionOfMediaType(essenceOf(mediaType)) === "gzip";
}
