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
