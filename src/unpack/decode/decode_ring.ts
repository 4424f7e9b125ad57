/**
 * Memory that two threads share: one puts the decompressed bytes of a layer into it, the other takes them out. Sending
 * the bytes themselves would take new memory for each chunk.
 *
 * The writer must be able to wait without giving way, so it waits with `Atomics.wait`; the taker is told of each chunk
 * by a message, and never waits.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { KIB } from "../../base/bytes.ts";

/** As much as a decoder gives at a time. */
const SLOT_BYTES = 256 * KIB;
/** Enough that neither side waits for the other at each chunk, and little enough to stay in the caches. */
const SLOTS = 4;

/** Numbers at the start of the memory, by position. */
const TAKEN = 0;
const IS_CLOSED = 1;
const HEAD_BYTES = 64;

/** One ring as both sides see it. */
class Ring {
  readonly memory: SharedArrayBuffer;
  protected readonly numbers: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.numbers = new Int32Array(memory, 0, 2);
  }

  protected slot(chunk: number): Uint8Array {
    return new Uint8Array(this.memory, HEAD_BYTES + (chunk % SLOTS) * SLOT_BYTES, SLOT_BYTES);
  }
}

/** The side that makes the ring and takes the chunks. */
export class RingTaker extends Ring {
  #taken = 0;

  constructor() {
    super(new SharedArrayBuffer(HEAD_BYTES + SLOTS * SLOT_BYTES));
  }

  /** Takes the next chunk, of which a message told; its bytes are only good during the call. */
  take(length: number, use: (chunk: Uint8Array) => void): void {
    use(this.slot(this.#taken).subarray(0, length));
    this.#taken++;
    Atomics.store(this.numbers, TAKEN, this.#taken);
    Atomics.notify(this.numbers, TAKEN);
  }

  /** Makes it as new, for another writer. Only when the last one is at its end and all chunks are taken. */
  reset(): void {
    this.#taken = 0;
    Atomics.store(this.numbers, TAKEN, 0);
  }

  /** Tells the writer that nobody takes any more. */
  close(): void {
    Atomics.store(this.numbers, IS_CLOSED, 1);
    // Another number than the writer waits for.
    Atomics.store(this.numbers, TAKEN, -1);
    Atomics.notify(this.numbers, TAKEN);
  }
}

/** The side that puts chunks into it. */
export class RingWriter extends Ring {
  #put = 0;

  /**
   * Room for the next chunk: waits until there is some. Asked again before a chunk is put, it is the same.
   *
   * @throws AppError `cancelled` once the ring is closed
   */
  room(): Uint8Array {
    for (;;) {
      const taken = Atomics.load(this.numbers, TAKEN);
      if (Atomics.load(this.numbers, IS_CLOSED) === 1) {
        throw new AppError("cancelled", "Cannot decompress: nobody wants the bytes any more");
      }
      if (this.#put - taken < SLOTS) return this.slot(this.#put);
      Atomics.wait(this.numbers, TAKEN, taken);
    }
  }

  /** The room that was given last holds a chunk now. */
  put(): void {
    this.#put++;
  }
}
