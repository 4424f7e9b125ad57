/**
 * Buffers bytes that are produced synchronously and written asynchronously. The blocks are reused, so that a
 * large archive produces no garbage. Of long runs of zeros only the length is stored.
 *
 * @module
 */
import { type ByteSink, KIB } from "../../base/bytes.ts";

/** With writes of this size, the cost per call is negligible. */
const BLOCK_BYTES = 256 * KIB;
/** Blocks that are retained for reuse. */
const RETAINED_BLOCKS = 4;
/** Runs up to this length are copied to the blocks. */
const SHORT_RUN_BYTES = 4 * KIB;

const ZEROS = new Uint8Array(BLOCK_BYTES);

/** Buffers bytes for a sink. */
export class OutputBlocks {
  readonly #sink: ByteSink;
  readonly #blocks: Uint8Array<ArrayBuffer>[] = [];
  /** Bytes in the blocks. */
  #filled = 0;
  /** Runs of zeros; each comes after that many bytes of the blocks. */
  #runs: { readonly after: number; readonly length: number }[] = [];

  /** @param sink receives the bytes when {@linkcode OutputBlocks.flush} is called */
  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Adds a copy of the bytes. */
  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const within = this.#filled % BLOCK_BYTES;
      const part = bytes.subarray(at, at + BLOCK_BYTES - within);
      this.#blockOf(this.#filled).set(part, within);
      this.#filled += part.length;
      at += part.length;
    }
  }

  /** Adds a run of zeros of any length. */
  addZeros(length: number): void {
    if (length <= SHORT_RUN_BYTES) this.add(ZEROS.subarray(0, length));
    else this.#runs.push({ after: this.#filled, length });
  }

  /** Writes everything buffered to the sink. @throws errors of the sink */
  async flush(): Promise<void> {
    let at = 0;
    for (const { after, length } of this.#runs) {
      await this.#writeBlocks(at, after);
      at = after;
      for (let remaining = length; remaining > 0; remaining -= BLOCK_BYTES) {
        await this.#sink.write(remaining < BLOCK_BYTES ? ZEROS.subarray(0, remaining) : ZEROS);
      }
    }
    await this.#writeBlocks(at, this.#filled);
    this.#filled = 0;
    this.#runs = [];
    this.#blocks.length = Math.min(this.#blocks.length, RETAINED_BLOCKS);
  }

  async #writeBlocks(from: number, to: number): Promise<void> {
    for (let at = from; at < to;) {
      const within = at % BLOCK_BYTES;
      const part = this.#blockOf(at).subarray(within, within + to - at);
      await this.#sink.write(part);
      at += part.length;
    }
  }

  #blockOf(position: number): Uint8Array<ArrayBuffer> {
    return this.#blocks[Math.floor(position / BLOCK_BYTES)] ??= new Uint8Array(BLOCK_BYTES);
  }
}
