/**
 * How many response bytes may wait for clients that do not read.
 *
 * @module
 */

/** Bytes that wait, over all connections of a server. */
export interface SharedTotal {
  /** All of them. */
  bytes: number;
}

/** Limits of a {@linkcode SendBudget}. */
export interface SendBudgetLimits {
  /** For the connection alone. */
  readonly queuedResponseBytes: number;
  /** For the server; a connection with nothing waiting is still served above it. */
  readonly allQueuedResponseBytes: number;
}

/** Counts what waits on one connection, and says when no more answers should be made. */
export class SendBudget {
  #bytes = 0;
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  readonly #shared: SharedTotal;
  readonly #limits: SendBudgetLimits;

  /** Counts from zero; `shared` is what the connections of a server count together. */
  constructor(limits: SendBudgetLimits, shared: SharedTotal) {
    this.#limits = limits;
    this.#shared = shared;
  }

  /** Whether requests should wait. Never with nothing queued here: others' waiting must not stop this client. */
  get full(): boolean {
    if (this.#bytes === 0) return false;
    return this.#bytes > this.#limits.queuedResponseBytes ||
      this.#shared.bytes > this.#limits.allQueuedResponseBytes;
  }

  /** Counts bytes that were queued, or with a minus sign, that were sent or dropped. */
  count(bytes: number): void {
    this.#bytes += bytes;
    this.#shared.bytes += bytes;
    if (this.#room === undefined || this.full) return;
    this.#room.resolve();
    this.#room = undefined;
  }

  /** Resolves when the budget is next not full. */
  room(): Promise<void> {
    if (!this.full) return Promise.resolve();
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }
}
