/**
 * Counting the frames that carry nothing.
 *
 * @module
 */
import { connectionError, H2Code } from "../frame/protocol_error.ts";
import { type Rate, TokenBucket } from "../frame/token_bucket.ts";

/** Frames that cost the peer nothing, and that no honest peer sends many of. */
export class ControlFrameGuard {
  readonly #bucket: TokenBucket;

  /** Allows as many as `rate` says. */
  constructor(rate: Rate) {
    this.#bucket = new TokenBucket(rate, performance.now());
  }

  /**
   * Counts one.
   *
   * @throws AppError a `connectionError` with `enhanceYourCalm`
   */
  count(): void {
    if (!this.#bucket.take(performance.now())) {
      throw connectionError(H2Code.enhanceYourCalm, "too many frames carry nothing");
    }
  }
}
