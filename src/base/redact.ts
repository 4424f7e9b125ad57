/**
 * Removing secrets from messages and logs.
 *
 * @module
 */

/**
 * A URL without user, password and fragment, and with every query value replaced: signed URLs contain secrets
 * there.
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
  for (const key of new Set(safe.searchParams.keys())) safe.searchParams.set(key, "REDACTED");
  return safe.href;
}
