/**
 * Requests to several endpoints: each in turn, and all again while the failures are retryable.
 *
 * @module
 */
import { AppError, isCode } from "../../base/errors.ts";
import { DOUBTFUL_RETRIES, RATE_LIMIT_FIRST_MS, RATE_LIMIT_MAX_MS } from "../../base/tuning.ts";
import { networkReasonOf } from "../../http/network/network_error.ts";
import type { RequestContext } from "./perform_request.ts";
import { isDoubtfulError, isRetryableError, type RetryBudget } from "./retry.ts";
import type { Endpoint } from "./endpoint.ts";

/** Timestamps up to this one can be formatted (ECMA-262, "Time Values and Time Range"). */
const TIME_MAX_MS = 8.64e15;

/** Work that any of several endpoints can do. */
export interface FailoverRequest<T> {
  /** Prefix of error messages. */
  readonly operation: string;
  /** In order of preference; at least one. */
  readonly endpoints: readonly Endpoint[];
  /** Attempts that are left; a round of all endpoints counts as one. */
  readonly budget: RetryBudget;
  /**
   * Whether a document names the content, so that a host that has the document should have it too: 403 and 404
   * are then retried like other doubtful failures. @default {false}
   */
  readonly isListed?: boolean;
  /**
   * Does the work at one endpoint. An {@linkcode AppError} is a failure of that endpoint; other errors end
   * the request.
   */
  readonly work: (endpoint: Endpoint, signal: AbortSignal) => Promise<T>;
  /** Called when all endpoints of a round have failed. @returns a second-best result, or undefined */
  readonly fallback?: () => T | undefined;
  /** Called before each further round. */
  readonly onRetry?: (attempt: number, delayMs: number, reason: string) => void;
}

/**
 * Returns the first result. An endpoint that fails in a way that isn't retryable is dropped, after
 * `DOUBTFUL_RETRIES` retries if the failure is doubtful. If that is the registry itself, its mirrors are
 * dropped too. A mirror that times out is tried last from then on, by later requests too.
 *
 * @throws AppError the registry's failure, which also names the others, or the signal's reason
 */
export async function withFailover<T>(
  request: FailoverRequest<T>,
  context: RequestContext,
  signal: AbortSignal,
): Promise<T> {
  const failures = new Map<Endpoint, AppError>();
  const doubtful = new Map<Endpoint, number>();
  const isFinal = (endpoint: Endpoint) => {
    const failure = failures.get(endpoint);
    if (failure === undefined || isRetryableError(failure)) return false;
    const { status } = failure.details;
    const isMissing = request.isListed === true && (status === 403 || status === 404);
    return !isMissing && !isDoubtfulError(failure) || (doubtful.get(endpoint) ?? 0) > DOUBTFUL_RETRIES;
  };
  let endpoints = request.endpoints;
  for (;;) {
    for (const endpoint of readyFirst(endpoints, context)) {
      // Waiting for a mirror that doesn't respond is only worthwhile if the registry may have failed by chance.
      if (isSkipped(endpoint, context) && endpoints.some((e) => e.role === "registry" && isFinal(e))) {
        continue;
      }
      try {
        await context.backoffs.of(endpoint.host).wait(signal);
        return await request.work(endpoint, signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (!(error instanceof AppError)) throw error;
        if (endpoint.role === "mirror" && isTimeout(error)) context.backoffs.of(endpoint.host).skip();
        if (!isRetryableError(error)) doubtful.set(endpoint, (doubtful.get(endpoint) ?? 0) + 1);
        // The work may quote what the endpoint sent: a header, or a part of a document.
        const safe = endpoint.secrets.hideIn(error);
        failures.set(endpoint, applyBackoff(safe, endpoint, request.budget.failures, context));
      }
    }
    const fallback = request.fallback?.();
    if (fallback !== undefined) return fallback;
    const failure = summarize(request, failures);
    endpoints = retryableEndpoints(endpoints, isFinal);
    if (endpoints.length === 0) throw failure;
    const delayMs = request.budget.fail(failure);
    const backoffMs = Math.min(...endpoints.map(({ host }) => context.backoffs.of(host).remainingMs));
    const attempt = request.budget.failures;
    request.onRetry?.(attempt, Math.round(Math.max(delayMs, backoffMs)), failure.message);
    await context.clock.sleep(delayMs, signal);
  }
}

/** Hosts in back-off come after the others, and mirrors that have timed out last. */
function readyFirst(endpoints: readonly Endpoint[], context: RequestContext): readonly Endpoint[] {
  const rankOf = (endpoint: Endpoint) => {
    if (isSkipped(endpoint, context)) return 2;
    return context.backoffs.of(endpoint.host).remainingMs === 0 ? 0 : 1;
  };
  return [0, 1, 2].flatMap((rank) => endpoints.filter((endpoint) => rankOf(endpoint) === rank));
}

function isSkipped({ role, host }: Endpoint, { backoffs }: RequestContext): boolean {
  return role === "mirror" && backoffs.of(host).isSkipped;
}

function isTimeout(error: AppError): boolean {
  return isCode(error, "stalled") || networkReasonOf(error) === "timeout";
}

function retryableEndpoints(
  endpoints: readonly Endpoint[],
  isFinal: (endpoint: Endpoint) => boolean,
): readonly Endpoint[] {
  const left = endpoints.filter((endpoint) => !isFinal(endpoint));
  const isRefused = endpoints.some((endpoint) => endpoint.role === "registry" && !left.includes(endpoint));
  return isRefused ? left.filter(({ role }) => role === "address") : left;
}

/**
 * Starts the back-off of a host that demands one. If it is longer than the limit, the failure becomes final:
 * the user learns the time immediately instead of watching a pull that does nothing.
 */
function applyBackoff(
  error: AppError,
  endpoint: Endpoint,
  earlierFailures: number,
  context: RequestContext,
): AppError {
  const { maxRetryAfter, backoffs, clock } = context;
  if (!isRetryableError(error)) return error;
  const retryAfter = typeof error.details.retryAfter === "number" ? error.details.retryAfter : undefined;
  if (retryAfter === undefined && error.code !== "rate_limited") return error;
  if (retryAfter === undefined || retryAfter <= maxRetryAfter) {
    // Without a time, or if the time was too short, the wait grows like those between other attempts.
    const isKnown = retryAfter !== undefined && earlierFailures === 0;
    const ownMs = isKnown ? 0 : Math.min(RATE_LIMIT_FIRST_MS * 2 ** earlierFailures, RATE_LIMIT_MAX_MS);
    backoffs.of(endpoint.host).extend(Math.max(retryAfter ?? 0, Math.min(ownMs, maxRetryAfter)));
    return error;
  }
  const problem = error.code === "rate_limited" ? "rate limited" : "unavailable";
  const time = formatTime(clock.now() + retryAfter);
  return new AppError(
    error.code,
    `${error.message}; ${problem} until ${time}, and dray waits at most ${maxRetryAfter / 1000} s`,
    { details: { ...error.details, isRetryable: false }, cause: error },
  );
}

function formatTime(ms: number): string {
  if (ms >= TIME_MAX_MS) return "the end of time";
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** The registry's own failure determines the code; the failures of other endpoints are appended. */
function summarize(
  { operation }: FailoverRequest<unknown>,
  failures: ReadonlyMap<Endpoint, AppError>,
): AppError {
  const entries = [...failures];
  const main = entries.find(([endpoint]) => endpoint.role === "registry") ?? entries.at(-1);
  if (main === undefined) throw new AppError("internal", `${operation}: there is no endpoint`);
  const others = entries.filter((entry) => entry !== main);
  if (others.length === 0) return main[1];
  const texts = others.map(([endpoint, error]) => `${endpoint.role} ${withoutOperation(error, operation)}`);
  return new AppError(main[1].code, `${main[1].message}; before that, ${texts.join("; ")}`, {
    details: { ...main[1].details, otherHosts: others.map(([endpoint]) => endpoint.host) },
    cause: main[1],
  });
}

function withoutOperation(error: AppError, operation: string): string {
  const prefix = `${operation}: `;
  return error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
}
