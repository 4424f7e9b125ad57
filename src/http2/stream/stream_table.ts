/**
 * The streams of a connection (RFC 9113, section 5.1).
 *
 * @module
 */
import { RecentlyResetStreams } from "./recently_reset_streams.ts";
import type { Http2Stream } from "./stream.ts";

/**
 * What a stream number stands for. `idle`: not used yet; `ignored`: this side reset it, or never took it after
 * its GOAWAY, and the peer may not know; `closed`: over, and the peer knows.
 */
export type StreamState = "idle" | "ignored" | "closed";

/** Streams by number, and what became of the others. */
export class StreamTable {
  /** Those that are open. */
  readonly open: Map<number, Http2Stream> = new Map();
  /** The highest number that the peer has used; it must rise. */
  lastId = 0;
  /** The highest number that is served after the last GOAWAY. */
  acceptedId: number = Infinity;
  readonly #reset = new RecentlyResetStreams();

  /** What a number stands for that is not open. */
  stateOf(streamId: number): StreamState {
    // An even number is the server's to use, and it never does.
    if (streamId > this.lastId || streamId % 2 === 0) return "idle";
    return streamId > this.acceptedId || this.#reset.has(streamId) ? "ignored" : "closed";
  }

  /** Forgets a stream that is over. */
  remove(streamId: number): void {
    this.open.delete(streamId);
  }

  /** Forgets a stream that this side resets, so that what the peer has already sent on it is ignored. */
  removeReset(streamId: number): void {
    this.open.delete(streamId);
    this.#reset.add(streamId);
  }
}
