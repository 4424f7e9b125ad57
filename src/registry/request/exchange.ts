/**
 * One request to one source, with every failure as an error that says what was wanted.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { Clock } from "../../http/clock.ts";
import type { HostGates } from "./host_backoff.ts";
import type { HttpResponse } from "../../http/message/http_message.ts";
import { registryErrorFrom } from "./response_error.ts";
import type { Source, SourceRequest } from "./endpoint.ts";
import type { StallLimits } from "./stall.ts";
import { warningsOf } from "./warnings.ts";

/** What all requests of a registry client share. */
export interface ExchangeContext {
  readonly clock: Clock;
  readonly gates: HostGates;
  readonly stall: StallLimits;
  /** Attempts for one request, the first included. */
  readonly attempts: number;
  /** The longest wait that a host may ask for, in milliseconds. */
  readonly maxRetryAfter: number;
  /** Hears what hosts warn of. */
  readonly onWarning: (warning: string, host: string) => void;
}

/** A request and what it is for. */
export interface Exchange extends SourceRequest {
  /** How errors begin: `Cannot fetch blob "sha256:…" of "docker.io/library/nginx"`. */
  readonly intent: string;
  /** Statuses that are no failures. */
  readonly accepted: readonly number[];
}

/**
 * Asks once. Dispose the response.
 *
 * @throws AppError for anything but an accepted status, or the signal's reason
 */
export async function exchange(
  source: Source,
  { intent, accepted, ...request }: Exchange,
  context: ExchangeContext,
  signal: AbortSignal,
): Promise<HttpResponse> {
  let response: HttpResponse;
  try {
    response = await source.send(request, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw withIntent(error, intent, source.host);
  }
  for (const warning of warningsOf(response.headers)) context.onWarning(warning, source.host);
  if (accepted.includes(response.status)) return response;
  throw await registryErrorFrom(response, source, intent, context.clock);
}

/** A failure of the room below, with what was wanted before it. What is no {@linkcode AppError} stays what it is. */
function withIntent(error: unknown, intent: string, host: string): unknown {
  if (!(error instanceof AppError)) return error;
  const who = error.message.includes(host) ? "" : `host "${host}": `;
  return new AppError(error.code, `${intent}: ${who}${error.message}`, {
    details: { host, ...error.details },
    cause: error,
  });
}
