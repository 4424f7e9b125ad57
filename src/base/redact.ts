/**
 * Removing secrets from messages and logs.
 *
 * @module
 */

/**
 * Returns a URL for messages: without user, password, query, fragment and path parameters such as `;jsessionid=…`. Each
 * of them may contain a secret: signed URLs carry theirs in the query, sometimes as a bare key.
 */
export function redactUrl(url: string | URL): string {
  let safe: URL;
  try {
    safe = new URL(url);
  } catch {
    return "(not a URL)";
  }
  safe.username = "";
  safe.password = "";
  safe.hash = "";
  safe.search = "";
  safe.pathname = safe.pathname.replace(/(?:;|%3b)[^/]*/gi, "");
  return safe.href;
}

/** The part of `USER:PASSWORD@HOST` before the host, with an optional scheme. A tag before a digest isn't one. */
const PASSWORD_BEFORE_HOST =
  /^((?:[a-z]+:\/\/)?[^:@/\s]*):.*@(?!sha(?:256|384|512):|[a-z0-9+._-]+:[0-9a-fA-F]{32,}$)/s;

/**
 * A name for messages that a user typed or a client sent, such as an image or a registry: without the password of
 * `USER:PASSWORD@HOST`, which is no valid part of a name.
 */
export function redactName(name: string): string {
  return name.replace(PASSWORD_BEFORE_HOST, "$1:REDACTED@");
}
