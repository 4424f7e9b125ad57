/**
 * The Link header, as far as pagination needs it (RFC 8288; distribution spec 1.1, "Listing Tags").
 *
 * @module
 */

const LINK = /<([^<>]*)>((?:\s*;\s*[^\s;,=]+(?:\s*=\s*(?:"[^"]*"|[^\s;,"]*))?)*)/g;
const NEXT = /;\s*rel\s*=\s*(?:"[^"]*\bnext\b[^"]*"|next(?=\s*(?:;|$)))/i;

/** The address of the next page, resolved against the one that was asked; undefined on the last page. */
export function nextLink(value: string | null, base: URL): URL | undefined {
  if (value === null) return undefined;
  for (const [, target = "", parameters = ""] of value.matchAll(LINK)) {
    if (NEXT.test(parameters)) return URL.parse(target, base) ?? undefined;
  }
  return undefined;
}
