/**
 * A shared limit on memory.
 *
 * @module
 */

/** Limits the total number of reserved bytes. */
export class ByteBudget {
  #available: number;

  /** Creates a budget. @param bytes maximum of reserved bytes */
  constructor(bytes: number) {
    this.#available = bytes;
  }

  /** Reserves bytes. Returns false, and reserves nothing, if they exceed the limit. */
  reserve(bytes: number): boolean {
    if (bytes > this.#available) return false;
    this.#available -= bytes;
    return true;
  }

  /** Releases reserved bytes. */
  release(bytes: number): void {
    this.#available += bytes;
  }
}
