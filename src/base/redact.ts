/**
 * Keeping secrets out of messages and logs.
 *
 * @module
 */

/** A URL for people: no user, no password, and every query value replaced (signed URLs carry secrets there). */
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
  for (const key of new Set(safe.searchParams.keys())) safe.searchParams.set(key, "REDACTED");
  return safe.href;
}
