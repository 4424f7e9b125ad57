/**
 * The Link header of a page of a list (RFC 8288; distribution spec 1.1, "Listing Tags").
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";

/** Real headers have a few hundred characters. Limits the time that matching takes. */
const HEADER_MAX_LENGTH = 8 * KIB;
/** A link as RFC 8288 defines it. */
const LINK = /<([^<>]*)>((?:\s*;\s*[^\s;,=]+(?:\s*=\s*(?:"[^"]*"|[^\s;,"]*))?)*)/g;
/** A link without angle brackets, as some registries send it. A comma ends it only if another target follows. */
const BARE_LINK = /([^\s<>;,"][^\s<>;]*?)((?:\s*;[^,]*)?)(?:\s*$|,\s*(?=https?:|[/?]))/gy;
const REL = /;\s*rel\s*=/i;
const NEXT = /;\s*rel\s*=\s*(?:"[^"]*\bnext\b[^"]*"|'[^']*\bnext\b[^']*'|next(?=\s*(?:[;,]|$)))/i;

/**
 * Returns the query of the next page of a list, "" on the last page. Only the query of the link is used: registries
 * behind a proxy send links with the scheme, host or path of the server behind it, and no other host or path may receive
 * the credentials.
 *
 * @param page the URL of the current page
 * @param refuse makes an error of a reason
 * @throws the error of `refuse` for a header that can't be parsed, and for a link without a query: the list would look
 * complete although it isn't
 */
export function nextQuery(value: string | null, page: URL, refuse: (reason: string) => Error): string {
  const target = nextTarget((value ?? "").trim(), refuse);
  if (target === undefined) return "";
  const link = URL.parse(target, page);
  if (link === null) throw refuse("sent a Link header whose target is not a URL");
  // The session adds the namespace for a mirror.
  link.searchParams.delete("ns");
  if (link.search === "") throw refuse("sent a link to the next page that has no query");
  return link.search;
}

/** Returns the target of the link to the next page. A link without `rel` is taken as one. */
function nextTarget(value: string, refuse: (reason: string) => Error): string | undefined {
  if (value === "") return undefined;
  if (value.length > HEADER_MAX_LENGTH) {
    throw refuse(`sent a Link header of more than ${HEADER_MAX_LENGTH} characters`);
  }
  const links = [...value.matchAll(value.includes("<") ? LINK : BARE_LINK)];
  if (links.length === 0) throw refuse("sent a Link header that can't be parsed");
  const next = links.find(([, , parameters = ""]) => NEXT.test(parameters)) ??
    links.find(([, , parameters = ""]) => !REL.test(parameters));
  return next?.[1];
}
