/**
 * Memory that short pieces of work take turns in.
 *
 * @module
 */

/** What is kept. */
export interface BufferPoolLimits {
  /** Bytes of each piece: what the longest fits in. */
  readonly pieceBytes: number;
  /** Pieces that are kept for the next. */
  readonly pieces: number;
}

/** Pieces of memory to borrow: fresh memory for each piece of work costs more than a copy out of a warm one. */
export class BufferPool {
  readonly #limits: BufferPoolLimits;
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];

  /** No memory yet. */
  constructor(limits: BufferPoolLimits) {
    this.#limits = limits;
  }

  /** At least so many bytes, with anything in them. Whoever takes it has it alone until it is given back. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    const { pieceBytes } = this.#limits;
    if (bytes > pieceBytes) return new Uint8Array(bytes);
    return this.#spare.pop() ?? new Uint8Array(pieceBytes);
  }

  /** Takes a piece back that nobody reads or writes any more. */
  give(piece: Uint8Array<ArrayBuffer>): void {
    const { pieceBytes, pieces } = this.#limits;
    if (piece.length === pieceBytes && this.#spare.length < pieces) this.#spare.push(piece);
  }
}
