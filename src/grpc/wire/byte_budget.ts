/**
 * One limit on memory for many holders.
 *
 * @module
 */

/** Bytes that may be held in all. */
export class ByteBudget {
  #left: number;

  /** Nothing is held at first; `bytes` is the most that may be held at once. */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Takes bytes; false, and nothing taken, if there are not so many left. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  /** Gives bytes back. */
  give(bytes: number): void {
    this.#left += bytes;
  }
}
