/**
 * Asking several sources for one thing: the next one at a failure, and all of them again while failures may pass.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { ExchangeContext } from "./exchange.ts";
import { isRetryableError, type RetryBudget } from "./retry.ts";
import type { Source } from "./endpoint.ts";

/** For hosts that refuse with 429 and no Retry-After, in milliseconds. */
const UNSAID_WAIT = 1_000;

/** A thing that sources are asked for. */
export interface Ask<T> {
  /** How errors begin. */
  readonly intent: string;
  /** In the order in which they are asked; at least one. */
  readonly sources: readonly Source[];
  /** Attempts that are left: a round over all sources is one. */
  readonly budget: RetryBudget;
  /** Asks one source. What it throws is that source's failure, unless it is no {@linkcode AppError}. */
  readonly work: (source: Source, signal: AbortSignal) => Promise<T>;
  /** Gives what does if every source of a round has failed: something that came with a flaw. */
  readonly fallback?: () => T | undefined;
  /** Hears of a round that failed. */
  readonly onRetry?: (attempt: number, delayMs: number, reason: string) => void;
}

/**
 * Gives what the first source gives that doesn't fail. A source that refuses is not asked again; once the registry
 * itself has refused, its mirrors aren't either.
 *
 * @throws AppError the failure of the registry, naming the others, or the signal's reason
 */
export async function askSources<T>(
  ask: Ask<T>,
  context: ExchangeContext,
  signal: AbortSignal,
): Promise<T> {
  const failures = new Map<Source, AppError>();
  let sources = ask.sources;
  for (;;) {
    for (const source of openFirst(sources, context)) {
      try {
        await context.gates.of(source.host).pass(signal);
        return await ask.work(source, signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (!(error instanceof AppError)) throw error;
        failures.set(source, settleWait(error, source, context));
      }
    }
    const second = ask.fallback?.();
    if (second !== undefined) return second;
    const failure = summarize(ask, failures);
    sources = worthAsking(sources, failures);
    if (sources.length === 0) throw failure;
    const backoff = ask.budget.fail(failure);
    const gated = Math.min(...sources.map(({ host }) => context.gates.of(host).remaining));
    ask.onRetry?.(ask.budget.failures, Math.round(Math.max(backoff, gated)), failure.message);
    await context.clock.sleep(backoff, signal);
  }
}

/** Sources that asked for a wait come after those that didn't. */
function openFirst(sources: readonly Source[], { gates }: ExchangeContext): readonly Source[] {
  const isOpen = ({ host }: Source) => gates.of(host).remaining === 0;
  return [...sources.filter(isOpen), ...sources.filter((source) => !isOpen(source))];
}

function worthAsking(
  sources: readonly Source[],
  failures: ReadonlyMap<Source, AppError>,
): readonly Source[] {
  const left = sources.filter((source) => {
    const failure = failures.get(source);
    return failure === undefined || isRetryableError(failure);
  });
  const isRefused = sources.some((source) => source.role === "registry" && !left.includes(source));
  return isRefused ? left.filter(({ role }) => role === "address") : left;
}

/**
 * Closes the gate of a host that asks for a wait. A wait that is too long makes the failure final: failing now and
 * saying when beats a pull that stands still.
 */
function settleWait(error: AppError, source: Source, context: ExchangeContext): AppError {
  // A host that says "too many" without saying when is left alone by all its transfers, not by this one only.
  const {
    retryAfter = error.code === "rate_limited" ? Math.min(UNSAID_WAIT, context.maxRetryAfter) : undefined,
  } = error.details;
  if (typeof retryAfter !== "number" || !isRetryableError(error)) return error;
  if (retryAfter <= context.maxRetryAfter) {
    context.gates.of(source.host).hold(retryAfter);
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
function summarize(ask: Ask<unknown>, failures: ReadonlyMap<Source, AppError>): AppError {
  const entries = [...failures];
  const main = entries.find(([source]) => source.role === "registry") ?? entries.at(-1);
  if (main === undefined) throw new AppError("internal", `${ask.intent}: there is no host to ask`);
  const others = entries.filter((entry) => entry !== main);
  if (others.length === 0) return main[1];
  const told = others.map(([source, error]) => `${source.role} ${withoutIntent(error, ask.intent)}`).join(
    "; ",
  );
  return new AppError(main[1].code, `${main[1].message}; before that, ${told}`, {
    details: { ...main[1].details, alsoAsked: others.map(([source]) => source.host) },
    cause: main[1],
  });
}

function withoutIntent(error: AppError, intent: string): string {
  return error.message.startsWith(`${intent}: `) ? error.message.slice(intent.length + 2) : error.message;
}
