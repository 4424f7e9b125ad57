/**
 * Listing tags (distribution spec 1.1, "Listing Tags").
 *
 * @module
 */
import { MIB } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";
import type { TagPage } from "../content/remote.ts";
import { asArray, asString, parseJsonObject } from "../oci/json.ts";
import { fetchPage, type ListDeps } from "./pages.ts";

/** Registries without paging send all tags in one response: a hundred thousand tags have a few MiB. */
const PAGE_MAX_BYTES = 16 * MIB;
/** A cursor with this prefix is a whole query. A tag can't start with it. */
const QUERY_CURSOR = "?";

/** Lists the tags of one repository. */
export class TagLister {
  readonly #deps: ListDeps;
  /** From a page's cursor to that of the page before it, to detect cycles. */
  readonly #previous = new Map<string, string>();

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
    this.#recordNext(next, last, operation);
    return { tags, next };
  }

  #recordNext(next: string, last: string, operation: string): void {
    for (let page: string | undefined = last; page !== undefined; page = this.#previous.get(page)) {
      if (page !== next) continue;
      throw new AppError("invalid_content", `${operation}: the host's pages form a cycle, at "${next}"`);
    }
    this.#previous.set(next, last);
  }
}

function parseTags(bytes: Uint8Array<ArrayBuffer>, where: string): readonly string[] {
  const fields = parseJsonObject(bytes, where);
  // Go servers write null for a repository without tags.
  return asArray(fields.tags ?? [], `${where}, tags`).map((tag, i) => asString(tag, `${where}, tags[${i}]`));
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
