/**
 * Decoding layers on a thread of their own, while this one makes the files: those two are the halves of the work.
 *
 * @module
 */
import { abortable } from "../base/abort.ts";
import { MIB } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";
import { loadHashing } from "../base/hash.ts";
import { Limiter } from "../base/limiter.ts";
import { hearThread, type StartWorker } from "../base/worker.ts";
import {
  DECODE_HERE,
  type DecodedFacts,
  type DecodeTask,
  type LayerDecoder,
  type PackedLayer,
} from "./decode.ts";
import { RingTaker } from "./decode_ring.ts";
import type { DecodeOrder, DecodeReply } from "./decode_thread.ts";

/** Smaller blobs are decoded here before the thread knows of them. */
const THREAD_MIN_BYTES = MIB;

/** Told instead of a reply when the thread is lost. */
const LOST = { kind: "lost" } as const;
type Told = DecodeReply | typeof LOST;

/** Decodes large blobs on another thread, one after the other, and all else here. Dispose it. */
export class ThreadDecoder implements LayerDecoder, Disposable {
  readonly #start: StartWorker;
  readonly #isFree: () => boolean;
  /** The taker is one thread, so a second layer at the same time would gain nothing. */
  readonly #turns = new Limiter(1);
  readonly #told: Told[] = [];
  #wake: (() => void) | undefined;
  #worker: Worker | undefined;
  #isLost = false;
  #lastId = 0;

  /**
   * @param start starts the thread, when the first large blob comes
   * @param isFree asked before each blob: whether the thread that we are on has nothing but layers to do. Then it hashes
   * them too where that makes the shares even
   */
  constructor(start: StartWorker, isFree: () => boolean = () => true) {
    this.#start = start;
    this.#isFree = isFree;
  }

  /** Starts the thread at once if one of the blobs that will come is for it. @param sizes theirs, in bytes */
  prepare(sizes: readonly number[]): void {
    if (sizes.some((size) => size >= THREAD_MIN_BYTES)) this.#thread();
  }

  async decode(
    layer: PackedLayer,
    task: DecodeTask,
    take: (chunk: Uint8Array) => void,
    signal: AbortSignal,
  ): Promise<DecodedFacts> {
    const { file } = layer;
    if (file === undefined || file.size < THREAD_MIN_BYTES) {
      return await DECODE_HERE.decode(layer, task, take, signal);
    }
    using _turn = await this.#turns.acquire(signal);
    const worker = this.#thread();
    const facts = worker && await this.#decodeThere(worker, file.path, task, take, signal);
    return facts ?? await DECODE_HERE.decode(layer, task, take, signal);
  }

  /** Ends the thread. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#isLost = true;
  }

  /** @returns undefined if the thread was lost, or found itself unable, before it gave anything */
  async #decodeThere(
    worker: Worker,
    path: string,
    task: DecodeTask,
    take: (chunk: Uint8Array) => void,
    signal: AbortSignal,
  ): Promise<DecodedFacts | undefined> {
    const id = ++this.#lastId;
    const ring = new RingTaker();
    const { algorithm, limits } = task;
    const hasher = this.#isFree() ? (await loadHashing())(algorithm) : undefined;
    const order: DecodeOrder = {
      id,
      path,
      algorithm,
      limits,
      memory: ring.memory,
      canTakerHash: hasher !== undefined,
    };
    worker.postMessage(order);
    let hasBegun = false;
    try {
      for (;;) {
        const told = await this.#next(signal);
        // Of an order that was given up.
        if (told.kind !== "lost" && told.id !== id) continue;
        if (told.kind === "lost" || told.kind === "unable") {
          if (!hasBegun) return undefined;
          throw new AppError("internal", "Cannot unpack layer: the thread that decompresses it was lost");
        }
        if (told.kind === "end") return { ...told.facts, hex: told.hex ?? hasher?.hex() ?? "" };
        if (told.kind === "failure") {
          const { code, message, details } = told;
          throw new AppError(code, message, { details });
        }
        hasBegun = true;
        ring.take(told.length, (chunk) => {
          if (!told.isHashed) hasher?.update(chunk);
          take(chunk);
        });
      }
    } finally {
      ring.close();
    }
  }

  async #next(signal: AbortSignal): Promise<Told> {
    for (;;) {
      signal.throwIfAborted();
      const told = this.#told.shift();
      if (told !== undefined) return told;
      if (this.#isLost) return LOST;
      await abortable(new Promise<void>((resolve) => this.#wake = resolve), signal);
    }
  }

  #thread(): Worker | undefined {
    if (this.#isLost || this.#worker !== undefined) return this.#worker;
    const worker = this.#start("unpack");
    if (worker === undefined) {
      this.#isLost = true;
      return undefined;
    }
    hearThread<DecodeReply>(worker, (reply) => this.#tell(reply), () => {
      this.#worker = undefined;
      this.#isLost = true;
      this.#tell(LOST);
    });
    return this.#worker = worker;
  }

  #tell(told: Told): void {
    this.#told.push(told);
    this.#wake?.();
  }
}
