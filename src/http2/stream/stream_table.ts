/**
 * The streams of a connection (RFC 9113, section 5.1).
 *
 * @module
 */
import { RecentlyResetStreams } from "./recently_reset_streams.ts";
import type { Http2Stream } from "./stream.ts";

/**
 * The state of a stream that isn't open. `idle`: not used yet; `ignored`: reset by the server, or refused after its
 * GOAWAY, and the peer may not know yet; `closed`: ended, and the peer knows.
 */
export type StreamState = "idle" | "ignored" | "closed";

/** The open streams by id, and the states of all others. */
export class StreamTable {
  /** The open streams. */
  readonly open: Map<number, Http2Stream> = new Map();
  /** The highest id that the peer has used. */
  lastId = 0;
  /** The highest id that is served after the last GOAWAY. */
  acceptedId: number = Infinity;
  readonly #reset = new RecentlyResetStreams();

  /** Returns the state of a stream that isn't open. */
  stateOf(streamId: number): StreamState {
    // Even ids are for streams of the server, which opens none.
    if (streamId > this.lastId || streamId % 2 === 0) return "idle";
    return streamId > this.acceptedId || this.#reset.has(streamId) ? "ignored" : "closed";
  }

  /** Removes a stream that has ended. */
  remove(streamId: number): void {
    this.open.delete(streamId);
  }

  /** Removes a stream that the server resets; frames that the peer has already sent for it are ignored. */
  removeReset(streamId: number): void {
    this.open.delete(streamId);
    this.#reset.add(streamId);
  }
}
