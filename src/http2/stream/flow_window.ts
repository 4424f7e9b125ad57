/**
 * Flow control (RFC 9113, section 5.2): a window for each direction of a stream, and of a connection.
 *
 * @module
 */
import { WINDOW_MAX_BYTES } from "../frame/frame.ts";

/** What we may send. May be negative, after the peer has made its window smaller. */
export class SendWindow {
  /** Bytes that may still be sent. */
  available: number;

  /** Opens it by `bytes`. */
  constructor(bytes: number) {
    this.available = bytes;
  }

  /** Moves the window by what the peer says; false if it is then above 2^31-1. */
  grow(bytes: number): boolean {
    this.available += bytes;
    return this.available <= WINDOW_MAX_BYTES;
  }
}

/** What the peer may send us. Given back in large steps, so that updates are rare. */
export class ReceiveWindow {
  readonly #size: number;
  #available: number;

  /**
   * Opens the window.
   *
   * @param size the window to keep open
   * @param available how much the peer may send at first, if that is less
   */
  constructor(size: number, available = size) {
    this.#size = size;
    this.#available = available;
  }

  /** Counts bytes that came in, padding included; false if the peer had no right to send them. */
  take(bytes: number): boolean {
    this.#available -= bytes;
    return this.#available >= 0;
  }

  /** The step to announce now: 0 while more than half of the window is open. */
  refill(): number {
    if (this.#available * 2 > this.#size) return 0;
    const step = this.#size - this.#available;
    this.#available = this.#size;
    return step;
  }
}
