/**
 * A limit on the time that a small body takes: a token, a manifest, a list.
 *
 * @module
 */
import { KIB } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";
import type { Clock } from "./clock.ts";

/** Milliseconds for each {@linkcode STEP_BYTES} of a body, begun or complete: about 2 KiB/s. */
const STEP_MS = 30_000;
const STEP_BYTES = 64 * KIB;

/** A body to read, and its limits. */
export interface SmallBody {
  /** Disposed when the time is over, which ends the read. */
  readonly response: Disposable;
  /** The server, for errors. */
  readonly host: string;
  /** Names the body in errors. */
  readonly what: string;
  /** The largest body that is accepted. Each 64 KiB of it add 30 s to the time limit. */
  readonly maxBytes: number;
}

/**
 * Reads a body within its time limit. This stops a server that sends one byte per second, which no timeout of a single
 * read would stop.
 *
 * @param read reads the body of the response
 * @throws AppError `network` if it takes too long, or the errors of `read`
 */
export async function readWithinTime<T>(
  { response, host, what, maxBytes }: SmallBody,
  clock: Clock,
  read: () => Promise<T>,
): Promise<T> {
  const ms = STEP_MS * Math.max(1, Math.ceil(maxBytes / STEP_BYTES));
  let isLate = false;
  const disarm = clock.after(ms, () => {
    isLate = true;
    response[Symbol.dispose]();
  });
  try {
    const result = await read();
    // When its response is disposed, the runtime's own client ends a pending read as if the body had ended.
    if (!isLate) return result;
  } catch (error) {
    if (!isLate) throw error;
  } finally {
    disarm();
  }
  throw new AppError(
    "network",
    `Cannot read ${what}: host "${host}" did not send all of it within ${ms / 1000} s; ` +
      "another connection, host or mirror may be faster",
    { details: { host, reason: "timeout", isRetryable: true } },
  );
}
