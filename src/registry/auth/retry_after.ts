/**
 * The Retry-After header (RFC 9110, section 10.2.3).
 *
 * @module
 */
import type { HeaderFields } from "../../http/message/http_message.ts";
import { DATE, RETRY_AFTER } from "../../http/message/http_names.ts";

const SECONDS = /^[0-9]+$/;
/** The three date formats of RFC 9110, section 5.6.7; all begin with the name of a day. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

/**
 * Returns the milliseconds to wait: 0 for a date in the past, undefined for a missing or invalid header.
 *
 * @param now milliseconds since 1970, by the clock that a date refers to
 */
function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  if (SECONDS.test(text)) {
    // A number that is too large is valid too: the wait is longer than any limit.
    return Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER);
  }
  const moment = parseHttpDate(text);
  return moment === undefined ? undefined : Math.max(0, moment - now);
}

/**
 * Returns the milliseconds to wait after a response; undefined if it doesn't say. A date is compared with the response's
 * Date header, because the local clock may be wrong.
 */
export function retryAfterOf(headers: HeaderFields, now: number): number | undefined {
  const hostNow = parseHttpDate(headers.get(DATE) ?? "");
  return parseRetryAfter(headers.get(RETRY_AFTER), hostNow ?? now);
}

function parseHttpDate(text: string): number | undefined {
  if (!HTTP_DATE.test(text)) return undefined;
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? undefined : moment;
}
