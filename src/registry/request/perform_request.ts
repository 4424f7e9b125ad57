/**
 * One request to one endpoint, with every failure as an error that says what was wanted.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { Clock } from "../../http/clock.ts";
import type { HostBackoffs } from "./host_backoff.ts";
import type { HttpResponse } from "../../http/message/http_message.ts";
import { registryErrorFrom } from "./response_error.ts";
import type { Endpoint, EndpointRequest } from "./endpoint.ts";
import type { StallLimits } from "./stall.ts";
import { warningsOf } from "./warnings.ts";

/** What all requests of a registry client share. */
export interface RequestContext {
  readonly clock: Clock;
  readonly gates: HostBackoffs;
  readonly stall: StallLimits;
  /** Attempts for one request, the first included. */
  readonly attempts: number;
  /** The longest wait that a host may ask for, in milliseconds. */
  readonly maxRetryAfter: number;
  /** Hears what hosts warn of. */
  readonly onWarning: (warning: string, host: string) => void;
}

/** A request and what it is for. */
export interface OperationRequest extends EndpointRequest {
  /** How errors begin: `Cannot fetch blob "sha256:…" of "docker.io/library/nginx"`. */
  readonly operation: string;
  /** Statuses that are no failures. */
  readonly accepted: readonly number[];
}

/**
 * Asks once. Dispose the response.
 *
 * @throws AppError for anything but an accepted status, or the signal's reason
 */
export async function performRequest(
  endpoint: Endpoint,
  { operation, accepted, ...request }: OperationRequest,
  context: RequestContext,
  signal: AbortSignal,
): Promise<HttpResponse> {
  let response: HttpResponse;
  try {
    response = await endpoint.send(request, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw withOperation(error, operation, endpoint.host);
  }
  for (const warning of warningsOf(response.headers)) context.onWarning(warning, endpoint.host);
  if (accepted.includes(response.status)) return response;
  throw await registryErrorFrom(response, endpoint, operation, context.clock);
}

/** A failure of the room below, with what was wanted before it. What is no {@linkcode AppError} stays what it is. */
function withOperation(error: unknown, operation: string, host: string): unknown {
  if (!(error instanceof AppError)) return error;
  const who = error.message.includes(host) ? "" : `host "${host}": `;
  return new AppError(error.code, `${operation}: ${who}${error.message}`, {
    details: { host, ...error.details },
    cause: error,
  });
}
