/**
 * Resolving references to descriptors.
 *
 * @module
 */
import { AppError, type ErrorCode } from "../base/errors.ts";
import type { Resolved, TransferRetry } from "../content/remote.ts";
import { algorithmOf, type Digest, digestOf, findDigest } from "../oci/digest.ts";
import { MANIFEST_MAX_BYTES, parseDocument } from "../oci/document.ts";
import { essenceOf, isIndexType, isManifestType, MANIFEST_ACCEPT } from "../oci/media_type.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import { readWithinTime } from "../http/small_body.ts";
import { openMonitoredResponse } from "./request/monitored_response.ts";
import { performRequest, type RequestContext } from "./request/perform_request.ts";
import { withFailover } from "./request/failover.ts";
import type { HttpResponse } from "../http/message/http_message.ts";
import { networkReasonOf } from "../http/network/network_error.ts";
import { bodyEncodingOf, readDecoded } from "./auth/content_encoding.ts";
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

/** What resolving works with. */
export interface ResolverDeps {
  /** The hosts of the repository, in order of preference. */
  readonly sessions: readonly RegistrySession[];
  readonly context: RequestContext;
}

/** What to resolve at one endpoint. */
interface ResolveRequest {
  readonly operation: string;
  /** The digest of the reference, if it has one: the document must match it. */
  readonly want: Digest | undefined;
}

/**
 * Resolves with one GET request, since a pull needs the document next.
 *
 * @param onRetry called before each retry
 * @throws AppError see `Resolver` in `content/remote.ts`; `invalid_content` or `unsupported` for other
 * documents
 */
export function resolveDocument(
  reference: Reference,
  deps: ResolverDeps,
  signal: AbortSignal,
  onRetry?: (event: TransferRetry) => void,
): Promise<Resolved> {
  return resolveWith(reference, deps, getDocument, signal, onRetry);
}

/**
 * Resolves with a HEAD request. If its response isn't sufficient, requests the document.
 *
 * @throws AppError as {@linkcode resolveDocument}
 */
export function resolveHead(
  reference: Reference,
  deps: ResolverDeps,
  signal: AbortSignal,
): Promise<Resolved> {
  return resolveWith(reference, deps, async (endpoint, request, context, signal) => {
    return await headDocument(endpoint, request, context, signal) ??
      await getDocument(endpoint, request, context, signal);
  }, signal);
}

type ResolveAt = (
  endpoint: Endpoint,
  request: ResolveRequest,
  context: RequestContext,
  signal: AbortSignal,
) => Promise<Resolved>;

function resolveWith(
  reference: Reference,
  { sessions, context }: ResolverDeps,
  resolveAt: ResolveAt,
  signal: AbortSignal,
  onRetry?: (event: TransferRetry) => void,
): Promise<Resolved> {
  const { repository, digest: want } = reference;
  const operation = `Cannot resolve "${formatReference(reference)}"`;
  // Any host may serve a digest, since it can be verified. Only trusted hosts may resolve a tag.
  const capability = want === undefined ? "resolve" : "pull";
  const allowed = sessions.filter(({ host }) => host.capabilities.has(capability));
  if (allowed.length === 0) {
    throw new AppError("invalid_argument", `${operation}: no host has the capability "${capability}"`);
  }
  const path = `${repository}/manifests/${want ?? reference.tag}`;
  return withFailover(
    {
      operation,
      endpoints: allowed.map((session) => registryEndpoint(session, path)),
      budget: new RetryBudget(context.attempts, context.clock),
      work: (endpoint, signal) => resolveAt(endpoint, { operation, want }, context, signal),
      onRetry: (attempt, delayMs, reason) =>
        onRetry?.({ kind: "retry", attempt, offset: 0, delayMs, reason }),
    },
    context,
    signal,
  );
}

async function getDocument(
  endpoint: Endpoint,
  { operation, want }: ResolveRequest,
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
  const encoding = bodyEncodingOf(headers);
  if (encoding === "other") {
    const name = headers.get(CONTENT_ENCODING);
    throw refuse(
      endpoint,
      operation,
      "unsupported",
      `sent it with Content-Encoding "${name}", want gzip, zstd or none`,
    );
  }
  const what = `the manifest of ${operation.slice("Cannot resolve ".length)} from host "${endpoint.host}"`;
  const length = encoding === "none" ? parseSize(headers.get(CONTENT_LENGTH)) : undefined;
  const maxBytes = Math.min(length ?? MANIFEST_MAX_BYTES, MANIFEST_MAX_BYTES);
  const bytes = await readWithinTime(
    { response: connection, host: endpoint.host, what, maxBytes },
    context.clock,
    () => readDecoded(connection, headers, MANIFEST_MAX_BYTES, what),
  );
  if (length !== undefined && length !== bytes.length) {
    throw refuse(endpoint, operation, "network", `sent ${bytes.length} bytes of ${length}`, true);
  }
  const announced = findDigest(headers.get(DOCKER_CONTENT_DIGEST) ?? "");
  const digest = await digestOf(bytes, algorithmOf(want ?? announced ?? SHA256));
  if (want !== undefined && digest !== want) {
    throw refuse(endpoint, operation, "digest_mismatch", `sent bytes that hash to "${digest}"`);
  }
  // A digest of another algorithm than the requested one adds nothing: the requested one has been verified.
  if (announced !== undefined && algorithmOf(announced) === algorithmOf(digest) && announced !== digest) {
    throw refuse(
      endpoint,
      operation,
      "digest_mismatch",
      `announced "${announced}" for bytes that hash to "${digest}"`,
    );
  }
  const document = parseDocument(bytes, headers.get(CONTENT_TYPE) ?? "", what);
  return {
    descriptor: { mediaType: document.mediaType, digest, size: bytes.length },
    bytes,
    document,
    host: endpoint.host,
  };
}

/** Selects the algorithm if neither the reference nor the host names one. */
const SHA256 = `sha256:${"0".repeat(64)}` as Digest;

/** Sends HEAD. @returns undefined if the response lacks digest, size or media type */
async function headDocument(
  endpoint: Endpoint,
  { operation, want }: ResolveRequest,
  context: RequestContext,
  signal: AbortSignal,
): Promise<Resolved | undefined> {
  const request = { operation, method: "HEAD", headers: ACCEPTED_DOCUMENTS, accepted: [200] } as const;
  let response: HttpResponse;
  try {
    response = await performRequest(endpoint, request, context, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (isWorthGet(error)) return undefined;
    throw error;
  }
  using _response = response;
  const { headers } = response;
  // The length of an encoded document isn't its size.
  if (bodyEncodingOf(headers) !== "none") return undefined;
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
      `has a manifest of ${size} bytes, expected at most ${MANIFEST_MAX_BYTES}`,
    );
  }
  // GET verifies the document itself.
  if (want !== undefined && digest !== want) return undefined;
  return { descriptor: { mediaType, digest, size }, host: endpoint.host };
}

/**
 * Reports whether to send GET after HEAD failed: many hosts handle HEAD wrongly, and only the response to GET has a
 * message. Not after 429, nor if the host can't be reached.
 */
function isWorthGet(error: unknown): boolean {
  if (!(error instanceof AppError)) return false;
  if (typeof error.details.status === "number") return error.details.status !== 429;
  const reason = networkReasonOf(error);
  return reason !== undefined && ["reset", "not_tls", "redirect", "other"].includes(reason);
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
