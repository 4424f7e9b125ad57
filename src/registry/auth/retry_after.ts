/**
 * How long a host asks to be left alone (RFC 9110, 10.2.3 Retry-After).
 *
 * @module
 */
import type { HeaderFields } from "../../http/message/http_message.ts";
import { DATE, RETRY_AFTER } from "../../http/message/http_names.ts";

const SECONDS = /^[0-9]+$/;
/** The one form that is sent today, and the two old ones, all of which begin with the name of a day. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

/**
 * Milliseconds to wait, 0 for a moment that has passed, undefined for a header that is missing or says nothing.
 *
 * @param now milliseconds since 1970 by the clock that wrote a date
 */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  if (SECONDS.test(text)) {
    // More digits than a number holds are still a wait that is too long, not garbage.
    return Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER);
  }
  const moment = parseHttpDate(text);
  return moment === undefined ? undefined : Math.max(0, moment - now);
}

/** The wait that a response asks for. Dates are read by the host's own clock if it tells it: ours may be wrong. */
export function retryAfterOf(headers: HeaderFields, now: number): number | undefined {
  const theirs = parseHttpDate(headers.get(DATE) ?? "");
  return parseRetryAfter(headers.get(RETRY_AFTER), theirs ?? now);
}

function parseHttpDate(text: string): number | undefined {
  if (!HTTP_DATE.test(text)) return undefined;
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? undefined : moment;
}
