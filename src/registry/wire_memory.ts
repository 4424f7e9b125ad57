/**
 * Memory that small bodies take turns in.
 *
 * @module
 */
import { KIB } from "../base/bytes.ts";

/** What the longest of small bodies fits in, with what it may have beyond. */
const PIECE_BYTES = 80 * KIB;
/** Pieces that are kept. */
const SPARE_MAX = 32;

/** Pieces of memory to borrow: fresh memory for each body costs more than the copy out of a warm one. */
export class SpareMemory {
  readonly #spare: Uint8Array[] = [];

  /** At least so many bytes, with anything in them. Whoever takes it has it alone until it is given back. */
  take(bytes: number): Uint8Array {
    if (bytes > PIECE_BYTES) return new Uint8Array(bytes);
    return this.#spare.pop() ?? new Uint8Array(PIECE_BYTES);
  }

  /** Takes a piece back that nobody reads or writes any more. */
  give(piece: Uint8Array): void {
    if (piece.length === PIECE_BYTES && this.#spare.length < SPARE_MAX) this.#spare.push(piece);
  }
}
