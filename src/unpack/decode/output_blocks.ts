/**
 * Bytes that were made at once and are to be written in turn: gathered in blocks that are used again, so that a large
 * archive leaves no garbage, and runs of zeros, of which only the length is kept.
 *
 * @module
 */
import { type ByteSink, KIB } from "../../base/bytes.ts";

/** Writes of this size cost little beside their bytes. */
const BLOCK_BYTES = 256 * KIB;
/** Blocks that are kept for the next time. */
const KEPT = 4;
/** A run that is not longer is written among the bytes. */
const SHORT_RUN_BYTES = 4 * KIB;

const ZEROS = new Uint8Array(BLOCK_BYTES);

/** Gathers bytes for a sink. */
export class OutputBlocks {
  readonly #sink: ByteSink;
  readonly #blocks: Uint8Array<ArrayBuffer>[] = [];
  /** Bytes in the blocks. */
  #filled = 0;
  /** Runs of zeros, and after how many bytes of the blocks each one stands. */
  #runs: { readonly after: number; readonly length: number }[] = [];

  /** @param sink takes the bytes when {@linkcode OutputBlocks.flush} is called */
  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Takes a copy of the bytes. */
  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const within = this.#filled % BLOCK_BYTES;
      const part = bytes.subarray(at, at + BLOCK_BYTES - within);
      this.#blockOf(this.#filled).set(part, within);
      this.#filled += part.length;
      at += part.length;
    }
  }

  /** Takes a run of zeros, of any length. */
  addZeros(length: number): void {
    if (length <= SHORT_RUN_BYTES) this.add(ZEROS.subarray(0, length));
    else this.#runs.push({ after: this.#filled, length });
  }

  /** Hands what was gathered to the sink. @throws what the sink throws */
  async flush(): Promise<void> {
    let at = 0;
    for (const { after, length } of this.#runs) {
      await this.#writeBlocks(at, after);
      at = after;
      for (let left = length; left > 0; left -= BLOCK_BYTES) {
        await this.#sink.write(left < BLOCK_BYTES ? ZEROS.subarray(0, left) : ZEROS);
      }
    }
    await this.#writeBlocks(at, this.#filled);
    this.#filled = 0;
    this.#runs = [];
    this.#blocks.length = Math.min(this.#blocks.length, KEPT);
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
