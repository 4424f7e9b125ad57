/**
 * Remembering streams that we reset.
 *
 * @module
 */

/** How many are remembered: more than one round trip's worth of frames can name. */
const REMEMBERED = 1000;

/**
 * Streams that this side reset. What the peer had sent before it heard of that is not its fault, and is ignored;
 * the same frame on a stream that ended in good order is an error.
 */
export class RecentlyResetStreams {
  readonly #ids = new Set<number>();

  /** Remembers one; the oldest leaves. */
  add(streamId: number): void {
    this.#ids.add(streamId);
    if (this.#ids.size <= REMEMBERED) return;
    const oldest = this.#ids.values().next().value;
    if (oldest !== undefined) this.#ids.delete(oldest);
  }

  /** Whether it is remembered. */
  has(streamId: number): boolean {
    return this.#ids.has(streamId);
  }
}
