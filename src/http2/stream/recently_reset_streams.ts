/**
 * Ids of the streams that the server reset recently.
 *
 * @module
 */

/** Number of ids to store: more than the frames of one round trip can refer to. */
const REMEMBERED = 1000;

/**
 * Streams that the server reset. Frames that the peer sent before it received the reset must be ignored; the same
 * frames for a stream that ended normally are an error.
 */
export class RecentlyResetStreams {
  readonly #ids = new Set<number>();

  /** Stores an id; above the limit, the oldest id is dropped. */
  add(streamId: number): void {
    this.#ids.add(streamId);
    if (this.#ids.size <= REMEMBERED) return;
    const oldest = this.#ids.values().next().value;
    if (oldest !== undefined) this.#ids.delete(oldest);
  }

  /** Reports whether the id is stored. */
  has(streamId: number): boolean {
    return this.#ids.has(streamId);
  }
}
