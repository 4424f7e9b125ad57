/**
 * Lists that registries send page by page (distribution spec 1.1, "Listing Tags" and "Listing Referrers").
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { ACCEPT, CONTENT_TYPE, LINK } from "../http/message/http_names.ts";
import { readWithinTime } from "../http/small_body.ts";
import { nextQuery } from "../http/message/link.ts";
import { essenceOf } from "../oci/media_type.ts";
import { readDecoded } from "./auth/content_encoding.ts";
import type { RegistrySession } from "./auth/registry_session.ts";
import { type Endpoint, registryEndpoint } from "./request/endpoint.ts";
import { withFailover } from "./request/failover.ts";
import { openMonitoredResponse } from "./request/monitored_response.ts";
import type { RequestContext } from "./request/perform_request.ts";
import { RetryBudget } from "./request/retry.ts";

/** What requests for lists work with. */
export interface ListDeps {
  /** The full name of the repository, for messages. */
  readonly name: string;
  /** The path of the repository at each host. */
  readonly repository: string;
  /** The hosts that may resolve tags, in order of preference. */
  readonly sessions: readonly RegistrySession[];
  readonly context: RequestContext;
}

/** A list of a repository. */
export interface ListRequest<T> {
  /** Prefix of error messages. */
  readonly operation: string;
  /** The list in messages: `the tags`. */
  readonly what: string;
  /** Path below the repository. */
  readonly path: string;
  /** Media type of a page. */
  readonly accept: string;
  /** The largest page to accept. */
  readonly maxBytes: number;
  /**
   * Reads the items of a page.
   *
   * @param where names the page in errors
   * @param refuse makes an error about the host: `refuse("sent no index")`
   * @param warn passes a warning about the host on
   */
  readonly parse: (
    bytes: Uint8Array<ArrayBuffer>,
    where: string,
    refuse: (found: string) => AppError,
    warn: (warning: string) => void,
  ) => readonly T[];
}

/** One page of a list. */
export interface ListPage<T> {
  readonly items: readonly T[];
  /** Query of the next page, with its "?"; "" on the last page. */
  readonly query: string;
}

/**
 * Requests one page.
 *
 * @param query of the page, with its "?"; "" for the first page
 * @throws AppError `not_found` and network codes; `invalid_content` for a malformed page or link, with the detail
 * `isWebPage` for HTML
 */
export async function fetchPage<T>(
  list: ListRequest<T>,
  query: string,
  { repository, sessions, context }: ListDeps,
  signal: AbortSignal,
): Promise<ListPage<T>> {
  if (sessions.length === 0) {
    throw new AppError("invalid_argument", `${list.operation}: no host has the capability "resolve"`);
  }
  const path = `${repository}/${list.path}${query}`;
  return await withFailover(
    {
      operation: list.operation,
      endpoints: sessions.map((session) => registryEndpoint(session, path)),
      budget: new RetryBudget(context.attempts, context.clock),
      work: (endpoint, signal) => readPage(endpoint, path, list, context, signal),
    },
    context,
    signal,
  );
}

async function readPage<T>(
  endpoint: Endpoint,
  path: string,
  { operation, what, accept, maxBytes, parse }: ListRequest<T>,
  context: RequestContext,
  signal: AbortSignal,
): Promise<ListPage<T>> {
  const request = { operation, method: "GET", headers: { [ACCEPT]: accept }, accepted: [200] } as const;
  using response = await openMonitoredResponse(endpoint, request, context, signal);
  const where = `${what} from host "${endpoint.host}"`;
  const refuse = (found: string, isWebPage = false) =>
    new AppError("invalid_content", `${operation}: host "${endpoint.host}" ${found}`, {
      details: { host: endpoint.host, isWebPage },
    });
  if (essenceOf(response.headers.get(CONTENT_TYPE) ?? "") === "text/html") {
    throw refuse("sent a web page", true);
  }
  const bytes = await readWithinTime(
    { response, host: endpoint.host, what: where, maxBytes },
    context.clock,
    () => readDecoded(response, response.headers, maxBytes, where),
  );
  const items = parse(bytes, where, refuse, (warning) => context.onWarning(warning, endpoint.host));
  const query = nextQuery(response.headers.get(LINK), new URL(path, endpoint.base), refuse);
  return { items, query };
}
