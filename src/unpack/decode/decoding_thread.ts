/**
 * One thread that decodes layers, as the thread that takes their bytes sees it.
 *
 * @module
 */
import { abortable } from "../../base/abort.ts";
import { AppError } from "../../base/errors.ts";
import type { Hasher } from "../../base/hash.ts";
import { receiveFromThread } from "../../base/worker.ts";
import type { DecodedLayer, DecodeTask } from "./decode.ts";
import { RingTaker } from "./decode_ring.ts";
import type { DecodeJob, DecodeMessage } from "./decode_thread.ts";

/** Told instead of a reply when the thread is lost. */
const LOST = { kind: "lost" } as const;
type Told = DecodeMessage | typeof LOST;

/** A thread that works off one layer at a time. Dispose it. */
export class DecodingThread implements Disposable {
  readonly #worker: Worker;
  readonly #told: Told[] = [];
  #wake: (() => void) | undefined;
  #isLost = false;
  #lastId = 0;
  /** To be used again, if the last layer was decoded to its end. */
  #ring: RingTaker | undefined;

  /** Takes over the worker. */
  constructor(worker: Worker) {
    this.#worker = worker;
    receiveFromThread<DecodeMessage>(worker, (reply) => this.#tell(reply), () => {
      this.#isLost = true;
      this.#tell(LOST);
    });
  }

  /** Whether it will answer nothing any more. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Decodes the file at `path`. Not before what was asked last is over.
   *
   * @param hasher hashes here what the thread leaves to us; without it the thread hashes all
   * @param take gets the bytes, which are only good during the call
   * @returns undefined if the thread was lost, or found itself unable, before it gave anything
   */
  async decode(
    path: string,
    { algorithm, limits }: DecodeTask,
    hasher: Hasher | undefined,
    take: (chunk: Uint8Array) => void,
    signal: AbortSignal,
  ): Promise<DecodedLayer | undefined> {
    const id = ++this.#lastId;
    // One for all layers: those of the last ones would lie about until both threads have collected their garbage.
    const ring = this.#ring ?? new RingTaker();
    this.#ring = undefined;
    const order: DecodeJob = {
      id,
      path,
      algorithm,
      limits,
      memory: ring.memory,
      canTakerHash: hasher !== undefined,
    };
    this.#worker.postMessage(order);
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
        if (told.kind === "end") {
          ring.reset();
          this.#ring = ring;
          return { ...told.facts, hex: told.hex ?? hasher?.hex() ?? "" };
        }
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
      if (ring !== this.#ring) ring.close();
    }
  }

  /** Ends the thread. */
  [Symbol.dispose](): void {
    this.#isLost = true;
    this.#worker.terminate();
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

  #tell(told: Told): void {
    this.#told.push(told);
    this.#wake?.();
  }
}
