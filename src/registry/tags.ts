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
/** A cursor with this prefix is a whole query. A tag can't start with it. */
const QUERY_CURSOR = "?";

/** Lists the tags of one repository. */
export class TagLister {
  readonly #deps: ListDeps;
  /** By cursor: the page before, to detect cycles, and the number of empty pages directly before. */
  readonly #previous = new Map<string, { readonly page: string; readonly emptyPages: number }>();

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
    for (let page: string | undefined = last; page !== undefined; page = this.#previous.get(page)?.page) {
      if (page !== next) continue;
      throw new AppError("invalid_content", `${operation}: the host's pages form a cycle, at "${next}"`);
    }
    const emptyPages = isEmpty ? (this.#previous.get(last)?.emptyPages ?? 0) + 1 : 0;
    if (emptyPages === EMPTY_PAGES_MAX) {
      throw new AppError("invalid_content", `${operation}: the host sent ${emptyPages} pages without a tag`);
    }
    this.#previous.set(next, { page: last, emptyPages });
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
