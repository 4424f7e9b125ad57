/**
 * Warnings that hosts send (distribution spec 1.1, "Warnings"; RFC 7234, 5.5).
 *
 * @module
 */
import type { HeaderFields } from "../../http/message/http_message.ts";
import { WARNING } from "../../http/message/http_names.ts";

/** Only code 299 with no agent is a registry's; a text has no more than its quotes hold. */
const REGISTRY_WARNING = /(?:^|,)\s*299 - "((?:[^"\\]|\\.){1,4096})"/g;
/** The longest warning that is passed on, in characters. */
const WARNING_MAX_LENGTH = 500;

/** The texts of the warnings, safe for a terminal. */
export function warningsOf(headers: HeaderFields): readonly string[] {
  const value = headers.get(WARNING);
  if (value === null) return [];
  return Array.from(
    value.matchAll(REGISTRY_WARNING),
    ([, text = ""]) =>
      text.replace(/\\(.)/g, "$1").replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim().slice(0, WARNING_MAX_LENGTH),
  );
}

/** Distinct warnings that are remembered; a host that sends another text each time is not heard for ever. */
const WARNINGS_MAX = 1000;

/** A listener that hears each warning of each host once. */
export function warnOnce(
  listener: ((warning: string, host: string) => void) | undefined,
): (warning: string, host: string) => void {
  const heard = new Set<string>();
  return (warning, host) => {
    const key = `${host} ${warning}`;
    if (listener === undefined || heard.has(key) || heard.size >= WARNINGS_MAX) return;
    heard.add(key);
    listener(warning, host);
  };
}
