/**
 * Listing tags (distribution spec 1.1, "Listing Tags").
 *
 * @module
 */
import { MIB } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";
import type { TagPage } from "../content/remote.ts";
import { asArray, parseJsonObject } from "../oci/json.ts";
import { TAG_PATTERN } from "../oci/reference.ts";
import { fetchPage, type ListDeps } from "./pages.ts";

/** Registries without paging send all tags in one response: a hundred thousand tags have a few MiB. */
const PAGE_MAX_BYTES = 16 * MIB;
/** Registries that hide some tags send empty pages; this many in a row are a list without an end. */
const EMPTY_PAGES_MAX = 100;
/** At 100 tags per page, ten times as many as the largest known repositories have. */
const PAGES_MAX = 10_000;
/** A cursor with this prefix is a whole query. A tag can't start with it. */
const QUERY_CURSOR = "?";

/** The position of a page in a listing. */
interface Position {
  /** Number of the listing. */
  readonly listing: number;
  /** Number of pages before this one. */
  readonly pages: number;
  /** Number of pages without tags directly before this one. */
  readonly emptyPages: number;
}

/** Lists the tags of one repository. */
export class TagLister {
  readonly #deps: ListDeps;
  /** By cursor; a later listing replaces the positions of an earlier one. */
  readonly #positions = new Map<string, Position>();
  #listings = 0;

  /** Sends nothing yet. */
  constructor(deps: ListDeps) {
    this.#deps = deps;
  }

  /**
   * Fetches one page. See `Remote` in `content/remote.ts`.
   *
   * @throws AppError `not_found` and network codes; `invalid_content` for a malformed page or a list without
   * an end
   */
  async list(
    { last = "", pageSize }: { readonly last?: string; readonly pageSize?: number },
    signal: AbortSignal,
  ): Promise<TagPage> {
    const operation = `Cannot list tags of "${this.#deps.name}"`;
    const { items: tags, query } = await fetchPage(
      {
        operation,
        what: "the tags",
        path: "tags/list",
        accept: "application/json",
        maxBytes: PAGE_MAX_BYTES,
        parse: parseTags,
      },
      queryOf(last, pageSize),
      this.#deps,
      signal,
    );
    if (query === "") return { tags };
    const next = cursorOf(new URLSearchParams(query));
    this.#recordNext(next, last, tags.length === 0, operation);
    return { tags, next };
  }

  #recordNext(next: string, last: string, isEmpty: boolean, operation: string): void {
    let current = last === "" ? undefined : this.#positions.get(last);
    if (current === undefined) {
      current = { listing: ++this.#listings, pages: 0, emptyPages: 0 };
      this.#positions.set(last, current);
    }
    const pages = current.pages + 1;
    const emptyPages = isEmpty ? current.emptyPages + 1 : 0;
    const refuse = (found: string) => new AppError("invalid_content", `${operation}: ${found}`);
    const known = this.#positions.get(next);
    if (known?.listing === current.listing && known.pages !== pages) {
      throw refuse(`the host's pages form a cycle, at "${next}"`);
    }
    if (emptyPages === EMPTY_PAGES_MAX) throw refuse(`the host sent ${emptyPages} pages without a tag`);
    if (pages === PAGES_MAX) throw refuse(`the list has more than ${PAGES_MAX} pages`);
    this.#positions.set(next, { listing: current.listing, pages, emptyPages });
  }
}

/** Returns the tags that a reference can contain. */
function parseTags(
  bytes: Uint8Array<ArrayBuffer>,
  where: string,
  _refuse: unknown,
  warn: (warning: string) => void,
): readonly string[] {
  const fields = parseJsonObject(bytes, where);
  // Go servers write null for a repository without tags.
  const all = asArray(fields.tags ?? [], `${where}, tags`);
  const tags = all.filter((tag): tag is string => typeof tag === "string" && TAG_PATTERN.test(tag));
  const invalid = all.length - tags.length;
  if (invalid > 0) warn(`${invalid} of ${all.length} tags were ignored: they are not valid tag names`);
  return tags;
}

function queryOf(last: string, pageSize: number | undefined): string {
  if (last.startsWith(QUERY_CURSOR)) return last;
  const query = new URLSearchParams();
  if (pageSize !== undefined) query.set("n", String(pageSize));
  if (last !== "") query.set("last", last);
  return query.size === 0 ? "" : `?${query}`;
}

/** The `last` of a query if it has no parameters other than `n`, otherwise the whole query. */
function cursorOf(query: URLSearchParams): string {
  const last = query.get("last");
  const isPlain = [...query.keys()].every((key) => key === "last" || key === "n");
  return last !== null && last !== "" && isPlain ? last : `${QUERY_CURSOR}${query}`;
}
