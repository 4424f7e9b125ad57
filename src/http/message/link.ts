/**
 * The Link header of a page of a list (RFC 8288; distribution spec 1.1, "Listing Tags").
 *
 * @module
 */

const LINK = /<([^<>]*)>((?:\s*;\s*[^\s;,=]+(?:\s*=\s*(?:"[^"]*"|[^\s;,"]*))?)*)/g;
const NEXT = /;\s*rel\s*=\s*(?:"[^"]*\bnext\b[^"]*"|next(?=\s*(?:;|$)))/i;

/**
 * Returns the query of the next page of a list, "" on the last page.
 *
 * @param page the URL of the current page
 * @param refuse makes an error of a reason
 * @throws the error of `refuse` for a link to another path or host, which would receive the credentials
 */
export function nextQuery(value: string | null, page: URL, refuse: (reason: string) => Error): string {
  const link = nextLink(value, page);
  if (link === undefined) return "";
  if (link.origin !== page.origin || link.pathname !== page.pathname) {
    throw refuse("links to another path or host");
  }
  // The session adds the namespace for a mirror.
  link.searchParams.delete("ns");
  return link.search;
}

/** Returns the URL of the next page, resolved against `base`; undefined on the last page. */
function nextLink(value: string | null, base: URL): URL | undefined {
  if (value === null) return undefined;
  for (const [, target = "", parameters = ""] of value.matchAll(LINK)) {
    if (NEXT.test(parameters)) return URL.parse(target, base) ?? undefined;
  }
  return undefined;
}
