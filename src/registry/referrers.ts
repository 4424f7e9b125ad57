/**
 * Manifests that say something about another one: signatures, bills of materials (distribution spec 1.1, "Listing
 * Referrers").
 *
 * @module
 */
import { readAll } from "../base/bytes.ts";
import { AppError, isCode } from "../base/errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { MANIFEST_MAX_BYTES, parseDocument } from "../oci/document.ts";
import { OCI_INDEX } from "../oci/media_type.ts";
import { openMonitoredResponse } from "./request/monitored_response.ts";
import type { RequestContext } from "./request/perform_request.ts";
import { withFailover } from "./request/failover.ts";
import type { RegistrySession } from "./auth/registry_session.ts";
import { ACCEPT, LINK } from "../http/message/http_names.ts";
import { nextQuery } from "../http/message/link.ts";
import { RetryBudget } from "./request/retry.ts";
import { type Endpoint, registryEndpoint } from "./request/endpoint.ts";

/** A list that has not ended by then never does. */
const PAGES_MAX = 100;

/** What a listing works with. */
export interface ReferrersDeps {
  /** The repository's name in full, for messages. */
  readonly name: string;
  /** The path at each host. */
  readonly repository: string;
  /** The hosts that are trusted with what changes, in order. */
  readonly sessions: readonly RegistrySession[];
  readonly context: RequestContext;
}

/**
 * Lists them, in the order the host sends them. A host without the API is asked for the tag that stands in for it.
 *
 * @throws AppError network codes; `invalid_content` for what is no index, or never ends
 */
export async function requestReferrers(
  digest: Digest,
  deps: ReferrersDeps,
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  const operation = `Cannot list referrers of "${deps.name}@${digest}"`;
  try {
    return await listPages(`referrers/${digest}`, operation, deps, signal);
  } catch (error) {
    if (!isCode(error, "not_found")) throw error;
  }
  try {
    return await listPages(`manifests/${digest.replace(":", "-")}`, operation, deps, signal);
  } catch (error) {
    // Nobody has said anything about it.
    if (isCode(error, "not_found")) return [];
    throw error;
  }
}

async function listPages(
  path: string,
  operation: string,
  { repository, sessions, context }: ReferrersDeps,
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  if (sessions.length === 0) {
    throw new AppError("invalid_argument", `${operation}: no host may be asked for it`);
  }
  const all: Descriptor[] = [];
  let query = "";
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const full = `${repository}/${path}${query}`;
    const page = await withFailover(
      {
        operation,
        endpoints: sessions.map((session) => registryEndpoint(session, full)),
        budget: new RetryBudget(context.attempts, context.clock),
        work: (endpoint, signal) => readPage(endpoint, full, operation, context, signal),
      },
      context,
      signal,
    );
    all.push(...page.manifests);
    query = page.query;
    if (query === "") return all;
  }
  throw new AppError("invalid_content", `${operation}: the list has more than ${PAGES_MAX} pages`);
}

interface Page {
  readonly manifests: readonly Descriptor[];
  /** Of the next page, or "". */
  readonly query: string;
}

async function readPage(
  endpoint: Endpoint,
  path: string,
  operation: string,
  context: RequestContext,
  signal: AbortSignal,
): Promise<Page> {
  const refuse = (found: string) =>
    new AppError("invalid_content", `${operation}: host "${endpoint.host}" ${found}`, {
      details: { host: endpoint.host },
    });
  const request = { operation, method: "GET", headers: { [ACCEPT]: OCI_INDEX }, accepted: [200] } as const;
  using connection = await openMonitoredResponse(endpoint, request, context, signal);
  const where = `the referrers from host "${endpoint.host}"`;
  const document = parseDocument(await readAll(connection, MANIFEST_MAX_BYTES, where), OCI_INDEX, where);
  if (document.kind !== "index") throw refuse("sent no index");
  const query = nextQuery(connection.headers.get(LINK), new URL(path, endpoint.base), refuse);
  return { manifests: document.manifests, query };
}
