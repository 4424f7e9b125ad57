/**
 * Requests to several endpoints: each in turn, and all again while the failures are retryable.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { RATE_LIMIT_DEFAULT_MS } from "../../base/tuning.ts";
import type { RequestContext } from "./perform_request.ts";
import { isRetryableError, type RetryBudget } from "./retry.ts";
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
 * Returns the first result. An endpoint that fails in a way that isn't retryable is dropped. If that is the
 * registry itself, its mirrors are dropped too.
 *
 * @throws AppError the registry's failure, which also names the others, or the signal's reason
 */
export async function withFailover<T>(
  request: FailoverRequest<T>,
  context: RequestContext,
  signal: AbortSignal,
): Promise<T> {
  const failures = new Map<Endpoint, AppError>();
  let endpoints = request.endpoints;
  for (;;) {
    for (const endpoint of readyFirst(endpoints, context)) {
      try {
        await context.backoffs.of(endpoint.host).wait(signal);
        return await request.work(endpoint, signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (!(error instanceof AppError)) throw error;
        // The work may quote what the endpoint sent: a header, or a part of a document.
        failures.set(endpoint, applyBackoff(endpoint.secrets.hideIn(error), endpoint, context));
      }
    }
    const fallback = request.fallback?.();
    if (fallback !== undefined) return fallback;
    const failure = summarize(request, failures);
    endpoints = retryableEndpoints(endpoints, failures);
    if (endpoints.length === 0) throw failure;
    const delayMs = request.budget.fail(failure);
    const backoffMs = Math.min(...endpoints.map(({ host }) => context.backoffs.of(host).remainingMs));
    const attempt = request.budget.failures;
    request.onRetry?.(attempt, Math.round(Math.max(delayMs, backoffMs)), failure.message);
    await context.clock.sleep(delayMs, signal);
  }
}

/** Endpoints of hosts in back-off come last. */
function readyFirst(endpoints: readonly Endpoint[], { backoffs }: RequestContext): readonly Endpoint[] {
  const isReady = ({ host }: Endpoint) => backoffs.of(host).remainingMs === 0;
  return [...endpoints.filter(isReady), ...endpoints.filter((endpoint) => !isReady(endpoint))];
}

function retryableEndpoints(
  endpoints: readonly Endpoint[],
  failures: ReadonlyMap<Endpoint, AppError>,
): readonly Endpoint[] {
  const left = endpoints.filter((endpoint) => {
    const failure = failures.get(endpoint);
    return failure === undefined || isRetryableError(failure);
  });
  const isRefused = endpoints.some((endpoint) => endpoint.role === "registry" && !left.includes(endpoint));
  return isRefused ? left.filter(({ role }) => role === "address") : left;
}

/**
 * Starts the back-off of a host that demands one. If it is longer than the limit, the failure becomes final:
 * the user learns the time immediately instead of watching a pull that does nothing.
 */
function applyBackoff(error: AppError, endpoint: Endpoint, context: RequestContext): AppError {
  const { maxRetryAfter, backoffs, clock } = context;
  // A rate limit without a time also pauses all transfers to the host.
  const {
    retryAfter = error.code === "rate_limited" ? Math.min(RATE_LIMIT_DEFAULT_MS, maxRetryAfter) : undefined,
  } = error.details;
  if (typeof retryAfter !== "number" || !isRetryableError(error)) return error;
  if (retryAfter <= maxRetryAfter) {
    backoffs.of(endpoint.host).extend(retryAfter);
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
    details: { ...main[1].details, alsoAsked: others.map(([endpoint]) => endpoint.host) },
    cause: main[1],
  });
}

function withoutOperation(error: AppError, operation: string): string {
  const prefix = `${operation}: `;
  return error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
}
