/**
 * A guard against floods of empty and control frames.
 *
 * @module
 */
import { connectionError, H2Code } from "../frame/protocol_error.ts";
import { type Rate, TokenBucket } from "../frame/token_bucket.ts";

/** Limits the rate of frames that are cheap to send and that a correct peer sends rarely. */
export class ControlFrameGuard {
  readonly #bucket: TokenBucket;

  /** Creates a guard that allows `rate`. */
  constructor(rate: Rate) {
    this.#bucket = new TokenBucket(rate, performance.now());
  }

  /** Allows more frames, up to the burst of the rate. */
  allow(frames: number): void {
    this.#bucket.give(frames);
  }

  /**
   * Counts a frame.
   *
   * @throws AppError a `connectionError` with `enhanceYourCalm` above the rate
   */
  count(): void {
    if (!this.#bucket.take(performance.now())) {
      throw connectionError(H2Code.enhanceYourCalm, "too many empty or control frames");
    }
  }
}
