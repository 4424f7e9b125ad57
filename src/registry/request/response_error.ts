/**
 * Responses that are failures: one error that says who answered what to whom, and what can be done about it.
 *
 * @module
 */
import { AppError, type ErrorCode } from "../../base/errors.ts";
import { isLoopbackHost } from "../../http/network/addresses.ts";
import type { Clock } from "../../http/clock.ts";
import { readErrorBody } from "../auth/error_body.ts";
import type { HttpResponse } from "../../http/message/http_message.ts";
import { NEEDS_TLS } from "../../http/network/network_error.ts";
import { isRetryableStatus } from "./retry.ts";
import { retryAfterOf } from "../auth/retry_after.ts";
import type { Endpoint } from "./endpoint.ts";

/**
 * Makes the error of a response, and disposes the response.
 *
 * The details are `host`, `status`, `isRetryable`, `credentialSource`, and where they are known `retryAfter`
 * (milliseconds) and `serverCode`.
 *
 * @param operation how the message begins: `Cannot fetch blob "sha256:…" of "docker.io/library/nginx"`
 */
export async function registryErrorFrom(
  response: HttpResponse,
  endpoint: Endpoint,
  operation: string,
  clock: Clock,
): Promise<AppError> {
  const { status, headers } = response;
  const retryAfter = retryAfterOf(headers, clock.now());
  const server = await readErrorBody(response, clock);
  const code = codeFor(status);
  const isElsewhere = response.url.origin !== endpoint.base.origin;
  const who = isElsewhere
    ? `host "${endpoint.host}" sent us on to "${response.url.host}", which`
    : `host "${endpoint.host}"`;
  const said = server.message === "" ? "" : ` ("${server.message}")`;
  // A TLS server on this machine says 400 to plain http.
  const isPlain = status === 400 && response.url.protocol === "http:" &&
    isLoopbackHost(response.url.hostname);
  const advice = isPlain ? NEEDS_TLS : adviceFor(code, endpoint.credentialSource, retryAfter);
  return new AppError(code, `${operation}: ${who} answered ${status}${said}${advice}`, {
    details: {
      host: endpoint.host,
      status,
      // Storage behind a registry answers 400 or 403 to an address that has expired; the registry makes a new one.
      isRetryable: isRetryableStatus(status) || isElsewhere && (status === 400 || status === 403),
      credentialSource: endpoint.credentialSource,
      ...retryAfter === undefined ? {} : { retryAfter },
      ...server.code === "" ? {} : { serverCode: server.code },
    },
  });
}

function codeFor(status: number): ErrorCode {
  switch (status) {
    case 401:
      return "unauthorized";
    case 403:
    case 451:
      return "forbidden";
    case 404:
    case 410:
      return "not_found";
    case 429:
      return "rate_limited";
    default:
      return "network";
  }
}

function adviceFor(code: ErrorCode, credentialSource: string, retryAfter: number | undefined): string {
  const isAnonymous = credentialSource === "anonymous";
  const asked = isAnonymous ? "asked without credentials" : `asked with ${credentialSource}`;
  switch (code) {
    case "unauthorized":
      return isAnonymous
        ? `, ${asked}; log in, or check the name: private and missing repositories look alike`
        : `, ${asked}; check that they are still good, and the name: private and missing repositories look alike`;
    case "forbidden":
      return isAnonymous
        ? `, ${asked}; log in with an account that may pull it`
        : `, ${asked}; use an account that may pull it`;
    case "not_found":
      return `, ${asked}; check the name, or that it is still there`;
    case "rate_limited": {
      const wait = retryAfter === undefined ? "later" : `in ${Math.ceil(retryAfter / 1000)} s`;
      return `, ${asked}; try again ${wait}${isAnonymous ? ", or log in for a higher limit" : ""}`;
    }
    default:
      return "; try again later, or ask whoever runs the host";
  }
}
