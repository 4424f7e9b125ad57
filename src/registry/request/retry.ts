/**
 * Which failures are retried, and how often.
 *
 * @module
 */
import { type Backoff, backoffDelay } from "../../base/concurrency/backoff.ts";
import { AppError } from "../../base/errors.ts";
import { RETRY_FIRST_MS, RETRY_MAX_MS } from "../../base/tuning.ts";
import type { Clock } from "../../http/clock.ts";

const BACKOFF: Backoff = { first: RETRY_FIRST_MS, most: RETRY_MAX_MS };

/** Reports whether a later request may get another status: timeouts, rate limits and most server errors. */
export function isRetryableStatus(status: number): boolean {
  // 501 and 505 mean that the server doesn't support the request at all.
  return status === 408 || status === 429 || status >= 500 && status !== 501 && status !== 505;
}

/**
 * Reports whether a retry may succeed. A detail `isRetryable` decides, otherwise the code: connections fail
 * and stall, but a refusal is final. Callers handle aborts before.
 */
export function isRetryableError(error: AppError): boolean {
  const { isRetryable } = error.details;
  if (typeof isRetryable === "boolean") return isRetryable;
  return error.code === "network" || error.code === "stalled" || error.code === "rate_limited";
}

/**
 * Reports whether a failure is probably final, but may be that of one server behind the host's name: content
 * that doesn't match its digest or isn't a document, or a header or redirect that can't be used.
 */
export function isDoubtfulError({ code, details: { status, reason } }: AppError): boolean {
  switch (code) {
    case "digest_mismatch":
    case "size_mismatch":
    case "invalid_content":
    case "unsupported":
      return true;
    case "network":
      return reason === "redirect" || reason === "response" || typeof status === "number" && status < 400;
    default:
      return false;
  }
}

/** Counts the attempts of one request or one body. */
export class RetryBudget {
  readonly #attempts: number;
  readonly #clock: Clock;
  #failures = 0;

  /** @param attempts including the first, at least 1 */
  constructor(attempts: number, clock: Clock) {
    this.#attempts = attempts;
    this.#clock = clock;
  }

  /** Attempts that have failed since the last progress. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether {@linkcode RetryBudget.fail} will throw. */
  get isLastAttempt(): boolean {
    return this.#failures + 1 >= this.#attempts;
  }

  /**
   * Counts a failure.
   *
   * @returns milliseconds to wait before the next attempt
   * @throws AppError the failure, with the number of attempts in its message, if no attempt is left
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

  /** Forgets earlier failures, because bytes have been received. */
  reset(): void {
    this.#failures = 0;
  }
}
