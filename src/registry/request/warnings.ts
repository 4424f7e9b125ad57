/**
 * Warnings in responses (distribution spec 1.1, "Warnings"; RFC 7234, section 5.5).
 *
 * @module
 */
import type { SecretSet } from "../../base/secret_set.ts";
import type { HeaderFields } from "../../http/message/http_message.ts";
import { WARNING } from "../../http/message/http_names.ts";

/** Registries use code 299 without an agent. The length limit bounds the work of the pattern. */
const REGISTRY_WARNING = /(?:^|,)\s*299 - "((?:[^"\\]|\\.){1,4096})"/g;
/** The longest warning that is reported, in characters. */
const WARNING_MAX_LENGTH = 500;

/** The texts of the warnings, safe for a terminal and without the secrets. */
export function warningsOf(headers: HeaderFields, secrets: SecretSet): readonly string[] {
  const value = headers.get(WARNING);
  if (value === null) return [];
  return Array.from(
    value.matchAll(REGISTRY_WARNING),
    ([, text = ""]) =>
      // Hidden before the text is truncated, which could leave a part of a secret.
      secrets.hide(secrets.hide(text.replace(/\\(.)/g, "$1")).replace(/[\p{Cc}\p{Cf}\s]+/gu, " "))
        .trim().slice(0, WARNING_MAX_LENGTH),
  );
}

/**
 * Distinct warnings to remember. Further ones aren't reported, in case a host sends a new text with each
 * response.
 */
const WARNINGS_MAX = 1000;

/** Wraps a listener so that it is called once per warning and host. */
export function warnOnce(
  listener: ((warning: string, host: string) => void) | undefined,
): (warning: string, host: string) => void {
  const reported = new Set<string>();
  return (warning, host) => {
    const key = `${host} ${warning}`;
    if (listener === undefined || reported.has(key) || reported.size >= WARNINGS_MAX) return;
    reported.add(key);
    listener(warning, host);
  };
}
