/**
 * Error responses as errors that name the host, the credentials that were sent, and what the user can do.
 *
 * @module
 */
import { AppError, type ErrorCode } from "../../base/errors.ts";
import type { Clock } from "../../http/clock.ts";
import type { HttpResponse } from "../../http/message/http_message.ts";
import { isLoopbackHost } from "../../http/network/addresses.ts";
import { NEEDS_TLS } from "../../http/network/network_error.ts";
import { readErrorBody } from "../auth/error_body.ts";
import { retryAfterOf } from "../auth/retry_after.ts";
import type { Endpoint } from "./endpoint.ts";
import { isRetryableStatus } from "./retry.ts";

/** What a request was for. */
export interface RequestPurpose {
  /** Prefix of the message: `Cannot fetch blob "sha256:…" of "docker.io/library/nginx"`. */
  readonly operation: string;
  readonly purpose: "pull" | "login";
}

/**
 * Makes the error of a response, and disposes the response.
 *
 * The details are `host`, `status`, `isRetryable`, `credentialSource`, and if known `retryAfter`
 * (milliseconds) and `serverCode`.
 */
export async function registryErrorFrom(
  response: HttpResponse,
  endpoint: Endpoint,
  { operation, purpose }: RequestPurpose,
  clock: Clock,
): Promise<AppError> {
  const { status, headers, url } = response;
  const retryAfter = retryAfterOf(headers, clock.now());
  const server = await readErrorBody(response, clock, endpoint.secrets);
  const code = codeFor(status);
  const text = server.message === "" ? "" : ` ("${server.message}")`;
  // A TLS server on this machine responds to plain HTTP with 400, and a text or a page that names HTTPS.
  const needsTls = status === 400 && url.protocol === "http:" && isLoopbackHost(url.hostname) &&
    !isRedirected(endpoint, url) && (server.message === "" || /https/i.test(server.message));
  // Credentials aren't sent to the target of a redirect.
  const source = isRedirected(endpoint, url) ? undefined : endpoint.credentialSource;
  const advice = needsTls ? NEEDS_TLS : adviceFor(code, source, purpose, retryAfter);
  return new AppError(code, `${operation}: ${hostsOf(endpoint, url)} answered ${status}${text}${advice}`, {
    details: {
      host: endpoint.host,
      status,
      // Storage behind a registry answers 400 or 403 if a signed URL has expired; the registry issues a new
      // one.
      isRetryable: isRetryableStatus(status) ||
        isRedirected(endpoint, url) && (status === 400 || status === 403),
      credentialSource: endpoint.credentialSource,
      ...retryAfter === undefined ? {} : { retryAfter },
      ...server.code === "" ? {} : { serverCode: server.code },
    },
  });
}

/** The subject of a message about a response: the endpoint's host, and the host that it redirected to. */
export function hostsOf(endpoint: Endpoint, url: URL): string {
  const host = `host "${endpoint.host}"`;
  return isRedirected(endpoint, url) ? `${host} redirected to "${url.host}", which` : host;
}

function isRedirected({ base }: Endpoint, url: URL): boolean {
  return url.origin !== base.origin;
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

function adviceFor(
  code: ErrorCode,
  source: string | undefined,
  purpose: "pull" | "login",
  retryAfter: number | undefined,
): string {
  const time = retryAfter === undefined ? "later" : `in ${Math.ceil(retryAfter / 1000)} s`;
  if (source === undefined) return `; try again ${time}, or contact the operator of the host`;
  const isAnonymous = source === "anonymous";
  const sent = isAnonymous ? ", no credentials were sent" : `, credentials from ${source} were sent`;
  const rejected = isAnonymous ? sent : `, the credentials from ${source} were rejected`;
  switch (code) {
    case "unauthorized":
      if (purpose === "login") return rejected;
      return `${rejected}; ${
        isAnonymous ? "log in" : "log in again"
      }, or check the name: registries respond identically for private and missing repositories`;
    case "forbidden":
      if (purpose === "login") return rejected;
      return `${sent}; ${isAnonymous ? "log in with" : "use"} an account that may pull it`;
    case "not_found":
      return `${sent}; check the name, and that it still exists`;
    case "rate_limited":
      return `${sent}; try again ${time}${isAnonymous ? ", or log in for a higher limit" : ""}`;
    default:
      return "; try again later, or contact the operator of the host";
  }
}
