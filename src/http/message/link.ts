/**
 * The Link header, as far as pagination needs it (RFC 8288; distribution spec 1.1, "Listing Tags").
 *
 * @module
 */

const LINK = /<([^<>]*)>((?:\s*;\s*[^\s;,=]+(?:\s*=\s*(?:"[^"]*"|[^\s;,"]*))?)*)/g;
const NEXT = /;\s*rel\s*=\s*(?:"[^"]*\bnext\b[^"]*"|next(?=\s*(?:;|$)))/i;

/**
 * The query of the next page of a list, "" on the last page.
 *
 * @param asked where the page came from
 * @param refuse makes the error of what was found
 * @throws what `refuse` makes for a link to another list: our credentials go along with the request for the next page
 */
export function nextQuery(value: string | null, asked: URL, refuse: (found: string) => Error): string {
  const link = nextLink(value, asked);
  if (link === undefined) return "";
  if (link.origin !== asked.origin || link.pathname !== asked.pathname) {
    throw refuse("links to a page elsewhere");
  }
  // A mirror's namespace is the session's to add.
  link.searchParams.delete("ns");
  return link.search;
}

/** The address of the next page, resolved against the one that was asked; undefined on the last page. */
export function nextLink(value: string | null, base: URL): URL | undefined {
  if (value === null) return undefined;
  for (const [, target = "", parameters = ""] of value.matchAll(LINK)) {
    if (NEXT.test(parameters)) return URL.parse(target, base) ?? undefined;
  }
  return undefined;
}
