/**
 * References to descriptors.
 *
 * @module
 */
import { readAll } from "../base/bytes.ts";
import { AppError, type ErrorCode } from "../base/errors.ts";
import type { Resolved, TransferRetry } from "../content/remote.ts";
import { algorithmOf, type Digest, digestOf, findDigest } from "../oci/digest.ts";
import { MANIFEST_MAX_BYTES, parseDocument } from "../oci/document.ts";
import { essenceOf, isIndexType, isManifestType, MANIFEST_ACCEPT } from "../oci/media_type.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import { openMonitoredResponse } from "./request/monitored_response.ts";
import { performRequest, type RequestContext } from "./request/perform_request.ts";
import { withFailover } from "./request/failover.ts";
import type { RegistrySession } from "./auth/registry_session.ts";
import {
  ACCEPT,
  CONTENT_ENCODING,
  CONTENT_LENGTH,
  CONTENT_TYPE,
  DOCKER_CONTENT_DIGEST,
} from "../http/message/http_names.ts";
import { RetryBudget } from "./request/retry.ts";
import { type Endpoint, registryEndpoint } from "./request/endpoint.ts";

const ACCEPTED_DOCUMENTS = { [ACCEPT]: MANIFEST_ACCEPT.join(", ") };

/** What a resolver works with. */
export interface ResolverDeps {
  /** The hosts of the repository, in order. */
  readonly sessions: readonly RegistrySession[];
  readonly context: RequestContext;
}

/** The question to one host. */
interface Question {
  readonly operation: string;
  /** The digest that the answer must have, if the reference has one. */
  readonly want: Digest | undefined;
}

/**
 * Resolves with one request, which brings the document along: whoever pulls needs it next.
 *
 * @param onRetry hears of attempts that failed and are made again
 * @throws AppError see `Resolver` in `content/remote.ts`; `invalid_content` or `unsupported` for other documents
 */
export function resolveDocument(
  reference: Reference,
  deps: ResolverDeps,
  signal: AbortSignal,
  onRetry?: (event: TransferRetry) => void,
): Promise<Resolved> {
  return ask(reference, deps, getDocument, signal, onRetry);
}

/**
 * Resolves without the document, for who wants the digest alone; a host that can't answer so is asked for the
 * document after all.
 *
 * @throws AppError as {@linkcode resolveDocument}
 */
export function resolveHead(
  reference: Reference,
  deps: ResolverDeps,
  signal: AbortSignal,
): Promise<Resolved> {
  return ask(reference, deps, async (endpoint, question, context, signal) => {
    return await headDocument(endpoint, question, context, signal) ??
      await getDocument(endpoint, question, context, signal);
  }, signal);
}

type AskOne = (
  endpoint: Endpoint,
  question: Question,
  context: RequestContext,
  signal: AbortSignal,
) => Promise<Resolved>;

function ask(
  reference: Reference,
  { sessions, context }: ResolverDeps,
  askOne: AskOne,
  signal: AbortSignal,
  onRetry?: (event: TransferRetry) => void,
): Promise<Resolved> {
  const { repository, digest: want } = reference;
  const operation = `Cannot resolve "${formatReference(reference)}"`;
  // A digest can be checked, so any host may answer; what a tag means is only for hosts that are trusted with it.
  const able = sessions.filter(({ host }) => host.capabilities.has(want === undefined ? "resolve" : "pull"));
  if (able.length === 0) throw new AppError("invalid_argument", `${operation}: no host may be asked for it`);
  const path = `${repository}/manifests/${want ?? reference.tag}`;
  return withFailover(
    {
      operation,
      endpoints: able.map((session) => registryEndpoint(session, path)),
      budget: new RetryBudget(context.attempts, context.clock),
      work: (endpoint, signal) => askOne(endpoint, { operation, want }, context, signal),
      onRetry: (attempt, delayMs, reason) =>
        onRetry?.({ kind: "retry", attempt, offset: 0, delayMs, reason }),
    },
    context,
    signal,
  );
}

async function getDocument(
  endpoint: Endpoint,
  { operation, want }: Question,
  context: RequestContext,
  signal: AbortSignal,
): Promise<Resolved> {
  const request = {
    operation,
    method: "GET",
    headers: ACCEPTED_DOCUMENTS,
    accepted: [200],
    preconnect: true,
  } as const;
  using connection = await openMonitoredResponse(endpoint, request, context, signal);
  const { headers } = connection;
  const encoding = headers.get(CONTENT_ENCODING) ?? "identity";
  if (encoding !== "identity") {
    throw refuse(endpoint, operation, "unsupported", `sent it with Content-Encoding "${encoding}"`);
  }
  const what = `the manifest of ${operation.slice("Cannot resolve ".length)} from host "${endpoint.host}"`;
  const bytes = await readAll(connection, MANIFEST_MAX_BYTES, what);
  const length = parseSize(headers.get(CONTENT_LENGTH));
  if (length !== undefined && length !== bytes.length) {
    throw refuse(endpoint, operation, "network", `sent ${bytes.length} bytes of ${length}`, true);
  }
  const said = findDigest(headers.get(DOCKER_CONTENT_DIGEST) ?? "");
  const digest = await digestOf(bytes, algorithmOf(want ?? said ?? SHA256));
  if (want !== undefined && digest !== want) {
    throw refuse(endpoint, operation, "digest_mismatch", `sent bytes that hash to "${digest}"`);
  }
  // Of another algorithm than the one asked for it says nothing that would not be proven by the other already.
  if (said !== undefined && algorithmOf(said) === algorithmOf(digest) && said !== digest) {
    throw refuse(endpoint, operation, "digest_mismatch", `says "${said}" of bytes that hash to "${digest}"`);
  }
  const document = parseDocument(bytes, headers.get(CONTENT_TYPE) ?? "", what);
  return {
    descriptor: { mediaType: document.mediaType, digest, size: bytes.length },
    bytes,
    document,
    host: endpoint.host,
  };
}

/** Stands for its algorithm: the one to hash with where neither the reference nor the host names another. */
const SHA256 = `sha256:${"0".repeat(64)}` as Digest;

/** Asks for the head alone; undefined if that does not say all that is needed. */
async function headDocument(
  endpoint: Endpoint,
  { operation, want }: Question,
  context: RequestContext,
  signal: AbortSignal,
): Promise<Resolved | undefined> {
  // A refusal to HEAD has no body that says why, and some hosts refuse only HEAD: GET finds out.
  const accepted = [200, 400, 403, 405, 406, 501];
  const request = { operation, method: "HEAD", headers: ACCEPTED_DOCUMENTS, accepted } as const;
  using response = await performRequest(endpoint, request, context, signal);
  if (response.status !== 200) return undefined;
  const { headers } = response;
  const mediaType = essenceOf(headers.get(CONTENT_TYPE) ?? "");
  const digest = findDigest(headers.get(DOCKER_CONTENT_DIGEST) ?? "");
  const size = parseSize(headers.get(CONTENT_LENGTH));
  if (digest === undefined || size === undefined || size === 0) return undefined;
  if (!isIndexType(mediaType) && !isManifestType(mediaType)) return undefined;
  if (size > MANIFEST_MAX_BYTES) {
    throw refuse(
      endpoint,
      operation,
      "limit_exceeded",
      `has a manifest of ${size} bytes, want at most ${MANIFEST_MAX_BYTES}`,
    );
  }
  // The document itself decides.
  if (want !== undefined && digest !== want) return undefined;
  return { descriptor: { mediaType, digest, size }, host: endpoint.host };
}

function refuse(
  { host }: Endpoint,
  operation: string,
  code: ErrorCode,
  found: string,
  isRetryable = false,
): AppError {
  return new AppError(code, `${operation}: host "${host}" ${found}`, { details: { host, isRetryable } });
}

function parseSize(value: string | null): number | undefined {
  return value !== null && /^[0-9]{1,15}$/.test(value) ? Number(value) : undefined;
}
