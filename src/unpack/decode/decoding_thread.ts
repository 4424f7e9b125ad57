/**
 * A worker thread that decodes layers, as seen from the thread that receives the bytes.
 *
 * @module
 */
import { abortable } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import type { Hasher } from "../../base/hash.ts";
import { receiveFromThread } from "../../base/concurrency/worker.ts";
import type { DecodedLayer, DecodeTask } from "./decode.ts";
import { RingReader } from "./decode_ring.ts";
import type { DecodeJob, DecodeMessage } from "./decode_thread.ts";

/** Received instead of a reply when the thread has ended. */
const LOST = { kind: "lost" } as const;
type Message = DecodeMessage | typeof LOST;

/** A thread that decodes one layer at a time. Dispose it. */
export class DecodingThread implements Disposable {
  readonly #worker: Worker;
  readonly #messages: Message[] = [];
  #wake: (() => void) | undefined;
  #isLost = false;
  #lastId = 0;
  /** The ring of the last layer, if that was decoded completely. */
  #ring: RingReader | undefined;

  /** @param worker is terminated when this object is disposed */
  constructor(worker: Worker) {
    this.#worker = worker;
    receiveFromThread<DecodeMessage>(worker, (message) => this.#receive(message), () => {
      this.#isLost = true;
      this.#receive(LOST);
    });
  }

  /** Whether the thread has ended. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Decodes the file at `path`. Don't call it before the last call has ended.
   *
   * @param hasher hashes the chunks that the thread leaves to us; without it the thread hashes all
   * @param onChunk receives the bytes, which are valid only during the call
   * @returns undefined if the thread was lost or could not decode, before the first chunk
   */
  async decode(
    path: string,
    { algorithm, limits }: DecodeTask,
    hasher: Hasher | undefined,
    onChunk: (chunk: Uint8Array) => void,
    signal: AbortSignal,
  ): Promise<DecodedLayer | undefined> {
    const id = ++this.#lastId;
    // Reuse the ring: an unused one would stay in memory until both threads have collected garbage.
    const ring = this.#ring ?? new RingReader();
    this.#ring = undefined;
    const job: DecodeJob = {
      id,
      path,
      algorithm,
      limits,
      buffer: ring.buffer,
      canReceiverHash: hasher !== undefined,
    };
    this.#worker.postMessage(job);
    let hasBegun = false;
    try {
      for (;;) {
        const message = await this.#next(signal);
        // Ignore messages of a cancelled job.
        if (message.kind !== "lost" && message.id !== id) continue;
        if (message.kind === "lost" || message.kind === "unsupported") {
          if (!hasBegun) return undefined;
          throw new AppError("internal", "Cannot unpack layer: the decompression thread ended unexpectedly");
        }
        if (message.kind === "end") {
          ring.reset();
          this.#ring = ring;
          return { ...message.sizes, hex: message.hex ?? hasher?.hex() ?? "" };
        }
        if (message.kind === "failure") {
          const { code, details } = message;
          throw new AppError(code, message.message, { details });
        }
        hasBegun = true;
        ring.read(message.length, (chunk) => {
          if (!message.isHashed) hasher?.update(chunk);
          onChunk(chunk);
        });
      }
    } finally {
      if (ring !== this.#ring) ring.close();
    }
  }

  /** Terminates the thread. */
  [Symbol.dispose](): void {
    this.#isLost = true;
    this.#worker.terminate();
  }

  async #next(signal: AbortSignal): Promise<Message> {
    for (;;) {
      signal.throwIfAborted();
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      if (this.#isLost) return LOST;
      await abortable(new Promise<void>((resolve) => this.#wake = resolve), signal);
    }
  }

  #receive(message: Message): void {
    this.#messages.push(message);
    this.#wake?.();
  }
}
