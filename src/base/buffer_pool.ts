/**
 * A pool of buffers.
 *
 * @module
 */

/** The size of a pool. */
export interface BufferPoolLimits {
  /** Bytes of each buffer. Longer requests get a buffer that isn't pooled. */
  readonly bufferBytes: number;
  /** The maximum number of free buffers. */
  readonly buffers: number;
}

/**
 * Reuses buffers: a new one for each short task costs more than a copy out of one that is in the CPU cache.
 */
export class BufferPool {
  readonly #limits: BufferPoolLimits;
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  /** Creates an empty pool. */
  constructor(limits: BufferPoolLimits) {
    this.#limits = limits;
  }

  /**
   * Returns a buffer of at least `bytes` bytes with arbitrary content. It belongs to the caller until it is
   * released.
   */
  acquire(bytes: number): Uint8Array<ArrayBuffer> {
    const { bufferBytes } = this.#limits;
    if (bytes > bufferBytes) return new Uint8Array(bytes);
    return this.#free.pop() ?? new Uint8Array(bufferBytes);
  }

  /** Takes a buffer back. The caller must not use it afterwards. */
  release(buffer: Uint8Array<ArrayBuffer>): void {
    const { bufferBytes, buffers } = this.#limits;
    if (buffer.length === bufferBytes && this.#free.length < buffers) this.#free.push(buffer);
  }
}
