/**
 * The secrets that we exchange with a host, which it may quote in its responses.
 *
 * @module
 */
import { decodeUserPassword, encodeUserPassword } from "../../base/base64.ts";
import type { Credential } from "../../content/credential.ts";

/** Query parameters of a realm that aren't secret; `service` is often the host's name. */
const PUBLIC_PARAMETERS = new Set(["service", "scope", "account", "client_id", "offline_token"]);
/** Configured headers whose value is hidden however short it is. Other values are hidden from 8 characters on. */
const SECRET_HEADER = /auth|token|key|secret|password|cookie|session|credential/i;
const HEADER_MIN_LENGTH = 8;
/** Hiding a shorter query value, such as a page number, would hide parts of addresses and counts in messages. */
const PARAMETER_MIN_LENGTH = 4;

/** Returns the secrets of a credential: its token, or its password alone and as sent in a header. */
export function secretsOf(credential: Credential | undefined): readonly string[] {
  if (credential === undefined) return [];
  if (credential.kind !== "basic") return [credential.token];
  return [credential.password, encodeUserPassword(credential.username, credential.password)];
}

/** Returns the secrets in configured headers: their values, the part after a scheme, and the password in such a part. */
export function secretsInHeaders(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (!SECRET_HEADER.test(name)) return value.length < HEADER_MIN_LENGTH ? [] : [value];
    const token = value.slice(value.indexOf(" ") + 1);
    const pair = decodeUserPassword(token);
    return [value, token, ...pair === undefined ? [] : [pair.password]];
  });
}

/** Returns the values of a URL's query that may be secret; a parameter without a value is one itself. */
export function secretsInUrl(url: URL): readonly string[] {
  return [...url.searchParams]
    .filter(([name]) => !PUBLIC_PARAMETERS.has(name))
    .map(([name, value]) => value === "" ? name : value)
    .filter((text) => text.length >= PARAMETER_MIN_LENGTH);
}
