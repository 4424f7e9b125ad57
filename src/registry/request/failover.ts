/**
 * Asking several endpoints for one thing: the next one at a failure, and all of them again while failures may pass.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { RequestContext } from "./perform_request.ts";
import { isRetryableError, type RetryBudget } from "./retry.ts";
import type { Endpoint } from "./endpoint.ts";

/** For hosts that refuse with 429 and no Retry-After, in milliseconds. */
const UNSAID_WAIT = 1_000;

/** A thing that endpoints are asked for. */
export interface FailoverRequest<T> {
  /** How errors begin. */
  readonly operation: string;
  /** In the order in which they are asked; at least one. */
  readonly endpoints: readonly Endpoint[];
  /** Attempts that are left: a round over all endpoints is one. */
  readonly budget: RetryBudget;
  /** Asks one endpoint. What it throws is that endpoint's failure, unless it is no {@linkcode AppError}. */
  readonly work: (endpoint: Endpoint, signal: AbortSignal) => Promise<T>;
  /** Gives what does if every endpoint of a round has failed: something that came with a flaw. */
  readonly fallback?: () => T | undefined;
  /** Hears of a round that failed. */
  readonly onRetry?: (attempt: number, delayMs: number, reason: string) => void;
}

/**
 * Gives what the first endpoint gives that doesn't fail. A endpoint that refuses is not asked again; once the registry
 * itself has refused, its mirrors aren't either.
 *
 * @throws AppError the failure of the registry, naming the others, or the signal's reason
 */
export async function withFailover<T>(
  ask: FailoverRequest<T>,
  context: RequestContext,
  signal: AbortSignal,
): Promise<T> {
  const failures = new Map<Endpoint, AppError>();
  let endpoints = ask.endpoints;
  for (;;) {
    for (const endpoint of openFirst(endpoints, context)) {
      try {
        await context.gates.of(endpoint.host).pass(signal);
        return await ask.work(endpoint, signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (!(error instanceof AppError)) throw error;
        failures.set(endpoint, settleWait(error, endpoint, context));
      }
    }
    const second = ask.fallback?.();
    if (second !== undefined) return second;
    const failure = summarize(ask, failures);
    endpoints = worthAsking(endpoints, failures);
    if (endpoints.length === 0) throw failure;
    const backoff = ask.budget.fail(failure);
    const gated = Math.min(...endpoints.map(({ host }) => context.gates.of(host).remaining));
    ask.onRetry?.(ask.budget.failures, Math.round(Math.max(backoff, gated)), failure.message);
    await context.clock.sleep(backoff, signal);
  }
}

/** Sources that asked for a wait come after those that didn't. */
function openFirst(endpoints: readonly Endpoint[], { gates }: RequestContext): readonly Endpoint[] {
  const isOpen = ({ host }: Endpoint) => gates.of(host).remaining === 0;
  return [...endpoints.filter(isOpen), ...endpoints.filter((endpoint) => !isOpen(endpoint))];
}

function worthAsking(
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
 * Closes the gate of a host that asks for a wait. A wait that is too long makes the failure final: failing now and
 * saying when beats a pull that stands still.
 */
function settleWait(error: AppError, endpoint: Endpoint, context: RequestContext): AppError {
  // A host that says "too many" without saying when is left alone by all its transfers, not by this one only.
  const {
    retryAfter = error.code === "rate_limited" ? Math.min(UNSAID_WAIT, context.maxRetryAfter) : undefined,
  } = error.details;
  if (typeof retryAfter !== "number" || !isRetryableError(error)) return error;
  if (retryAfter <= context.maxRetryAfter) {
    context.gates.of(endpoint.host).hold(retryAfter);
    return error;
  }
  const moment = context.clock.now() + retryAfter;
  const when = moment < 8.64e15 ? new Date(moment).toISOString() : "the end of time";
  return new AppError(
    error.code,
    `${error.message}; it wants to be left alone until ${when}, and we wait ${
      context.maxRetryAfter / 1000
    } s at most`,
    { details: { ...error.details, isRetryable: false }, cause: error },
  );
}

/** The registry's own failure counts; those of the others are told along with it. */
function summarize(ask: FailoverRequest<unknown>, failures: ReadonlyMap<Endpoint, AppError>): AppError {
  const entries = [...failures];
  const main = entries.find(([endpoint]) => endpoint.role === "registry") ?? entries.at(-1);
  if (main === undefined) throw new AppError("internal", `${ask.operation}: there is no host to ask`);
  const others = entries.filter((entry) => entry !== main);
  if (others.length === 0) return main[1];
  const told = others.map(([endpoint, error]) => `${endpoint.role} ${withoutIntent(error, ask.operation)}`)
    .join(
      "; ",
    );
  return new AppError(main[1].code, `${main[1].message}; before that, ${told}`, {
    details: { ...main[1].details, alsoAsked: others.map(([endpoint]) => endpoint.host) },
    cause: main[1],
  });
}

function withoutIntent(error: AppError, operation: string): string {
  return error.message.startsWith(`${operation}: `)
    ? error.message.slice(operation.length + 2)
    : error.message;
}
