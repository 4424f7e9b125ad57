/**
 * What is tried again, and how often.
 *
 * @module
 */
import { type Backoff, backoffDelay } from "../../base/backoff.ts";
import { AppError } from "../../base/errors.ts";
import type { Clock } from "../../http/clock.ts";

/** Between attempts: 0.2 s doubled up to 10 s. */
const BACKOFF: Backoff = { first: 200, most: 10_000 };

/** Whether a status can be another one next time: timeouts, limits, and a server's own troubles. */
export function isRetryableStatus(status: number): boolean {
  // 501 and 505 say what the server can't do at all.
  return status === 408 || status === 429 || status >= 500 && status !== 501 && status !== 505;
}

/**
 * Whether a failure may pass. A detail `isRetryable` decides, else the code: connections break and stall, but what was
 * refused stays refused. An abort is no failure, and is never asked about here.
 */
export function isRetryableError(error: AppError): boolean {
  const { isRetryable } = error.details;
  if (typeof isRetryable === "boolean") return isRetryable;
  return error.code === "network" || error.code === "stalled" || error.code === "rate_limited";
}

/** Attempts that are left for one request or one body. */
export class RetryBudget {
  readonly #attempts: number;
  readonly #clock: Clock;
  #failures = 0;

  /** @param attempts the first included, at least 1 */
  constructor(attempts: number, clock: Clock) {
    this.#attempts = attempts;
    this.#clock = clock;
  }

  /** Attempts that failed since the last progress. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * Counts a failure.
   *
   * @returns milliseconds to wait before the next attempt
   * @throws the failure, with the number of attempts in its message, if none is left
   */
  fail(error: AppError): number {
    this.#failures++;
    if (this.#failures < this.#attempts) {
      return backoffDelay(BACKOFF, this.#failures, () => this.#clock.random());
    }
    const times = this.#failures === 1 ? "1 attempt" : `${this.#failures} attempts`;
    throw new AppError(error.code, `${error.message} (after ${times})`, {
      details: error.details,
      cause: error,
    });
  }

  /** Bytes came: what failed before doesn't count any more. */
  reset(): void {
    this.#failures = 0;
  }
}
