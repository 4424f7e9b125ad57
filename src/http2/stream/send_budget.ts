/**
 * Limits the response bytes that are queued for clients that don't read.
 *
 * @module
 */

/** Queued response bytes of all connections of a server. */
export interface SharedTotal {
  /** The sum. */
  bytes: number;
}

/** Limits of a {@linkcode SendBudget}. */
export interface SendBudgetLimits {
  /** Queued response bytes of this connection. */
  readonly queuedResponseBytes: number;
  /** Queued response bytes of all connections. A connection without queued bytes is served even above the limit. */
  readonly allQueuedResponseBytes: number;
}

/** Counts the queued bytes of one connection and reports when no more responses should be produced. */
export class SendBudget {
  #bytes = 0;
  #waiter: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  readonly #shared: SharedTotal;
  readonly #limits: SendBudgetLimits;

  /** Creates a budget. @param shared the counter of all connections of the server */
  constructor(limits: SendBudgetLimits, shared: SharedTotal) {
    this.#limits = limits;
    this.#shared = shared;
  }

  /** Whether requests should wait. False if nothing is queued here: other clients must not block this one. */
  get full(): boolean {
    if (this.#bytes === 0) return false;
    return this.#bytes > this.#limits.queuedResponseBytes ||
      this.#shared.bytes > this.#limits.allQueuedResponseBytes;
  }

  /** Adds bytes that were queued. A negative number means bytes that were sent or discarded. */
  count(bytes: number): void {
    this.#bytes += bytes;
    this.#shared.bytes += bytes;
    if (this.#waiter === undefined || this.full) return;
    this.#waiter.resolve();
    this.#waiter = undefined;
  }

  /** Resolves as soon as the budget isn't full. */
  whenNotFull(): Promise<void> {
    if (!this.full) return Promise.resolve();
    this.#waiter ??= Promise.withResolvers<void>();
    return this.#waiter.promise;
  }
}
