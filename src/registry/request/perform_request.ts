/**
 * One request to one endpoint. Every failure becomes an error that names the operation and the host.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { Clock } from "../../http/clock.ts";
import type { HttpResponse } from "../../http/message/http_message.ts";
import type { Endpoint, EndpointRequest } from "./endpoint.ts";
import type { HostBackoffs } from "./host_backoff.ts";
import { secretsInUrl } from "../auth/known_secrets.ts";
import { registryErrorFrom } from "./response_error.ts";
import type { StallLimits } from "./stall.ts";
import { warningsOf } from "./warnings.ts";

/** Shared by all requests of a registry client. */
export interface RequestContext {
  readonly clock: Clock;
  readonly backoffs: HostBackoffs;
  readonly stall: StallLimits;
  /** Attempts per request, including the first. */
  readonly attempts: number;
  /** The longest pause that a host may demand, in milliseconds. */
  readonly maxRetryAfter: number;
  /** Called for each warning in a response. */
  readonly onWarning: (warning: string, host: string) => void;
}

/** A request and its purpose. */
export interface OperationRequest extends EndpointRequest {
  /** Prefix of error messages: `Cannot fetch blob "sha256:…" of "docker.io/library/nginx"`. */
  readonly operation: string;
  /** Statuses that aren't errors. */
  readonly accepted: readonly number[];
  /** What credentials must allow, for the advice in errors. @default {"pull"} */
  readonly purpose?: "pull" | "login";
}

/**
 * Sends a request once. Dispose the response.
 *
 * @throws AppError for every status that isn't accepted, or the signal's reason
 */
export async function performRequest(
  endpoint: Endpoint,
  { operation, accepted, purpose = "pull", ...request }: OperationRequest,
  context: RequestContext,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const { host, base, secrets } = endpoint;
  let response: HttpResponse;
  try {
    response = await endpoint.send(request, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error instanceof AppError ? secrets.hideIn(withOperation(error, operation, host)) : error;
  }
  if (response.url.origin !== base.origin) {
    // The query of a signed URL, which the storage may quote.
    for (const secret of secretsInUrl(response.url)) secrets.addIssued(secret);
  }
  for (const warning of warningsOf(response.headers, secrets)) context.onWarning(warning, host);
  if (accepted.includes(response.status)) return response;
  throw secrets.hideIn(
    await registryErrorFrom(response, endpoint, { operation, purpose }, context.clock),
  );
}

/** Adds the operation and the host to an error. */
function withOperation(error: AppError, operation: string, host: string): AppError {
  const subject = error.message.includes(host) ? "" : `host "${host}": `;
  return new AppError(error.code, `${operation}: ${subject}${error.message}`, {
    details: { host, ...error.details },
    cause: error,
  });
}
