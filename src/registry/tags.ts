/**
 * Listing tags, page by page (distribution spec 1.1, "Listing Tags").
 *
 * @module
 */
import { MIB, readAll } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";
import type { TagPage } from "../content/remote.ts";
import { asArray, asString, parseJsonObject } from "../oci/json.ts";
import { openMonitoredResponse } from "./request/monitored_response.ts";
import type { RequestContext } from "./request/perform_request.ts";
import { withFailover } from "./request/failover.ts";
import type { RegistrySession } from "./auth/registry_session.ts";
import { ACCEPT, LINK } from "../http/message/http_names.ts";
import { nextQuery } from "../http/message/link.ts";
import { RetryBudget } from "./request/retry.ts";
import { type Endpoint, registryEndpoint } from "./request/endpoint.ts";

/** Registries that don't page send all tags at once: a hundred thousand of them have a few MiB. */
const PAGE_MAX_BYTES = 16 * MIB;
/** A cursor that begins so is a whole query. No tag begins so. */
const QUERY_CURSOR = "?";

/** What a listing works with. */
export interface TagListerDeps {
  /** The repository's name in full, for messages. */
  readonly name: string;
  /** The path at each host. */
  readonly repository: string;
  /** The hosts that are trusted with tags, in order. */
  readonly sessions: readonly RegistrySession[];
  readonly context: RequestContext;
}

/** Lists the tags of one repository. */
export class TagLister {
  readonly #deps: TagListerDeps;
  /** From a page's cursor to that of the page before it: a host whose pages go in circles is found out. */
  readonly #before = new Map<string, string>();

  /** A lister that has asked nobody yet. */
  constructor(deps: TagListerDeps) {
    this.#deps = deps;
  }

  /**
   * One page. See `Remote` in `content/remote.ts`.
   *
   * @throws AppError `not_found` and network codes; `invalid_content` for what is no list, or never ends
   */
  async list(
    { last = "", pageSize }: { readonly last?: string; readonly pageSize?: number },
    signal: AbortSignal,
  ): Promise<TagPage> {
    const { name, repository, sessions, context } = this.#deps;
    const operation = `Cannot list tags of "${name}"`;
    if (sessions.length === 0) {
      throw new AppError("invalid_argument", `${operation}: no host may be asked for them`);
    }
    const path = `${repository}/tags/list${queryOf(last, pageSize)}`;
    const { tags, next } = await withFailover(
      {
        operation,
        endpoints: sessions.map((session) => registryEndpoint(session, path)),
        budget: new RetryBudget(context.attempts, context.clock),
        work: (endpoint, signal) => readPage(endpoint, operation, path, context, signal),
      },
      context,
      signal,
    );
    if (next === undefined) return { tags };
    this.#follow(next, last, operation);
    return { tags, next };
  }

  #follow(next: string, last: string, operation: string): void {
    for (let page: string | undefined = last; page !== undefined; page = this.#before.get(page)) {
      if (page !== next) continue;
      throw new AppError("invalid_content", `${operation}: the host's pages go in circles, at "${next}"`);
    }
    this.#before.set(next, last);
  }
}

function queryOf(last: string, pageSize: number | undefined): string {
  if (last.startsWith(QUERY_CURSOR)) return last;
  const query = new URLSearchParams();
  if (pageSize !== undefined) query.set("n", String(pageSize));
  if (last !== "") query.set("last", last);
  return query.size === 0 ? "" : `?${query}`;
}

async function readPage(
  endpoint: Endpoint,
  operation: string,
  path: string,
  context: RequestContext,
  signal: AbortSignal,
): Promise<TagPage> {
  const request = {
    operation,
    method: "GET",
    headers: { [ACCEPT]: "application/json" },
    accepted: [200],
  } as const;
  using connection = await openMonitoredResponse(endpoint, request, context, signal);
  const where = `the tags from host "${endpoint.host}"`;
  const fields = parseJsonObject(await readAll(connection, PAGE_MAX_BYTES, where), where);
  // Go servers write null for a repository without tags.
  const tags = asArray(fields.tags ?? [], `${where}, tags`).map((tag, i) =>
    asString(tag, `${where}, tags[${i}]`)
  );
  const refuse = (found: string) =>
    new AppError("invalid_content", `${operation}: host "${endpoint.host}" ${found}`, {
      details: { host: endpoint.host },
    });
  const query = nextQuery(connection.headers.get(LINK), new URL(path, endpoint.base), refuse);
  return query === "" ? { tags } : { tags, next: cursorOf(new URLSearchParams(query)) };
}

/** The `last` of a query where that is all it takes, else the whole of it. */
function cursorOf(query: URLSearchParams): string {
  const last = query.get("last");
  const isPlain = [...query.keys()].every((key) => key === "last" || key === "n");
  return last !== null && last !== "" && isPlain ? last : `${QUERY_CURSOR}${query}`;
}
