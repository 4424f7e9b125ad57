/**
 * Flow control (RFC 9113, section 5.2): one window per direction of a stream, and of a connection.
 *
 * @module
 */
import { WINDOW_MAX_BYTES } from "../frame/frame.ts";

/** Bytes that we may send. Negative after the peer has reduced its window. */
export class SendWindow {
  /** Bytes that may be sent now. */
  available: number;

  /** Creates a window of `bytes`. */
  constructor(bytes: number) {
    this.available = bytes;
  }

  /** Changes the window by `bytes`. Returns false if it exceeds 2^31-1. */
  grow(bytes: number): boolean {
    this.available += bytes;
    return this.available <= WINDOW_MAX_BYTES;
  }
}

/** Bytes that the peer may send. Refilled in large steps, so that WINDOW_UPDATE frames are rare. */
export class ReceiveWindow {
  readonly #size: number;
  #available: number;

  /**
   * Creates a window.
   *
   * @param size bytes of the full window
   * @param available bytes that the peer may send at first
   */
  constructor(size: number, available = size) {
    this.#size = size;
    this.#available = available;
  }

  /** Counts received bytes, including padding. Returns false if they exceed the window. */
  consume(bytes: number): boolean {
    this.#available -= bytes;
    return this.#available >= 0;
  }

  /** Refills the window. Returns the increment to announce: 0 while more than half of the window is open. */
  refill(): number {
    if (this.#available * 2 > this.#size) return 0;
    const step = this.#size - this.#available;
    this.#available = this.#size;
    return step;
  }
}
