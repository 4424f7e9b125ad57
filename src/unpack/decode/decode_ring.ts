/**
 * A ring buffer in memory that two threads share: one writes the decompressed bytes of a layer, the other
 * reads them. Posting the bytes as messages would allocate a new buffer for each chunk.
 *
 * The writer runs synchronous code, so it blocks in `Atomics.wait` while the ring is full. The reader is
 * notified of each chunk by a message, and never blocks.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { KIB } from "../../base/bytes.ts";

/** The largest chunk of a decoder. */
const SLOT_BYTES = 256 * KIB;
/** Enough that neither side waits for the other at each chunk, and few enough to stay in the CPU caches. */
const SLOTS = 4;

/** Positions of the numbers at the start of the buffer. */
const CHUNKS_READ = 0;
const IS_CLOSED = 1;
const HEAD_BYTES = 64;

/** The part that both sides have. */
class Ring {
  readonly buffer: SharedArrayBuffer;
  protected readonly numbers: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.numbers = new Int32Array(buffer, 0, 2);
  }

  protected slotOf(chunk: number): Uint8Array {
    return new Uint8Array(this.buffer, HEAD_BYTES + (chunk % SLOTS) * SLOT_BYTES, SLOT_BYTES);
  }
}

/** The side that creates the ring and reads the chunks. */
export class RingReader extends Ring {
  #chunksRead = 0;

  constructor() {
    super(new SharedArrayBuffer(HEAD_BYTES + SLOTS * SLOT_BYTES));
  }

  /**
   * Reads the next chunk. Call it once per message of the writer. The bytes are valid only during `onChunk`.
   */
  read(length: number, onChunk: (chunk: Uint8Array) => void): void {
    onChunk(this.slotOf(this.#chunksRead).subarray(0, length));
    this.#chunksRead++;
    Atomics.store(this.numbers, CHUNKS_READ, this.#chunksRead);
    Atomics.notify(this.numbers, CHUNKS_READ);
  }

  /**
   * Prepares the ring for another writer. Call it only after the last writer has ended and all chunks are
   * read.
   */
  reset(): void {
    this.#chunksRead = 0;
    Atomics.store(this.numbers, CHUNKS_READ, 0);
  }

  /** Makes the writer fail at its next chunk. */
  close(): void {
    Atomics.store(this.numbers, IS_CLOSED, 1);
    // Change the number that the writer waits on, or it would not wake up.
    Atomics.store(this.numbers, CHUNKS_READ, -1);
    Atomics.notify(this.numbers, CHUNKS_READ);
  }
}

/** The side that writes the chunks. */
export class RingWriter extends Ring {
  #chunksWritten = 0;

  /**
   * Returns the buffer for the next chunk, and blocks until there is one. Returns the same buffer until
   * `commit`.
   *
   * @throws AppError `cancelled` once the ring is closed
   */
  slot(): Uint8Array {
    for (;;) {
      const read = Atomics.load(this.numbers, CHUNKS_READ);
      if (Atomics.load(this.numbers, IS_CLOSED) === 1) {
        throw new AppError("cancelled", "Cannot decompress: the job was cancelled");
      }
      if (this.#chunksWritten - read < SLOTS) return this.slotOf(this.#chunksWritten);
      Atomics.wait(this.numbers, CHUNKS_READ, read);
    }
  }

  /** Marks the current buffer as filled. */
  commit(): void {
    this.#chunksWritten++;
  }
}
