/**
 * A shared limit on memory.
 *
 * @module
 */

/** Holds reserved bytes. */
export interface BudgetHolder {
  /** A newer holder needs the bytes: drops the memory immediately. The bytes are released by the budget. */
  evict(): void;
}

/** Limits the total number of reserved bytes. */
export class ByteBudget {
  readonly #total: number;
  #available: number;
  /** Reserved bytes by holder, in the order of their first reservations. */
  readonly #holders = new Map<BudgetHolder, number>();

  /** Creates a budget. @param bytes maximum of reserved bytes */
  constructor(bytes: number) {
    this.#total = bytes;
    this.#available = bytes;
  }

  /** Reserves bytes. Returns false, and reserves nothing, if they exceed the limit. */
  tryReserve(bytes: number, holder: BudgetHolder): boolean {
    if (bytes > this.#available) return false;
    this.#available -= bytes;
    this.#holders.set(holder, (this.#holders.get(holder) ?? 0) + bytes);
    return true;
  }

  /**
   * Reserves bytes. Evicts the oldest holders if necessary: a client that never completes its requests must not prevent
   * those of other clients. Returns false, and reserves nothing, if the holder itself is the oldest.
   */
  reserve(bytes: number, holder: BudgetHolder): boolean {
    if (bytes > this.#total) return false;
    while (!this.tryReserve(bytes, holder)) {
      const [oldest] = this.#holders.keys();
      if (oldest === undefined || oldest === holder) return false;
      oldest.evict();
      this.release(oldest);
    }
    return true;
  }

  /** Releases all bytes of a holder. */
  release(holder: BudgetHolder): void {
    this.#available += this.#holders.get(holder) ?? 0;
    this.#holders.delete(holder);
  }

  /** Releases some of the bytes of a holder. */
  releaseSome(bytes: number, holder: BudgetHolder): void {
    const held = this.#holders.get(holder);
    if (held === undefined) return;
    const released = Math.min(bytes, held);
    this.#available += released;
    this.#holders.set(holder, held - released);
  }
}
