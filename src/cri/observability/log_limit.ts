/**
 * Limits the log lines that a client can cause without any work of the service.
 *
 * @module
 */
import { type Rate, TokenBucket } from "../../http2/frame/token_bucket.ts";
import type { CriLog, LogFields } from "./log.ts";

/** Stops: filling the disk with the lines of calls that are cancelled as soon as they begin. */
const LINES: Rate = { burst: 100, perSecond: 10 };

/**
 * Returns a log that drops lines above a rate. The next line has their number in the field `suppressed`. Errors, which
 * are failures of the server, are never dropped.
 *
 * @param now returns milliseconds of a monotonic clock
 */
export function limitLog(log: CriLog, now: () => number = () => performance.now()): CriLog {
  const bucket = new TokenBucket(LINES, now());
  let suppressed = 0;
  const limited = (level: "info" | "warn") => (message: string, fields: LogFields = {}) => {
    if (!bucket.take(now())) {
      suppressed++;
      return;
    }
    log[level](message, suppressed === 0 ? fields : { ...fields, suppressed });
    suppressed = 0;
  };
  return {
    info: limited("info"),
    warn: limited("warn"),
    error: (message, error, fields) => log.error(message, error, fields),
  };
}
