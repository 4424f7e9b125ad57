/**
 * Follows redirects. `fetch` can't be used for that: it would send configured headers to other origins.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { redactUrl } from "../base/redact.ts";
import type { HttpRequest, HttpResponse } from "./message/http_message.ts";

/** The limit of Go's client; more hops are a loop. */
const MAX_REDIRECTS = 10;
/** The headers that another origin receives: any other one could be a secret, such as one from a hosts.toml. */
const SAFE_HEADERS = new Set([
  "accept",
  "accept-encoding",
  "range",
  "if-range",
  "if-match",
  "if-none-match",
  "user-agent",
]);
const STATUSES = new Set([301, 302, 303, 307, 308]);

/**
 * Sends a request and follows at most 10 redirects. Another origin receives only safe headers. A redirect from https to
 * http is refused.
 *
 * @param sendOnce sends one request without following redirects
 * @param discard disposes a redirect response
 * @throws AppError `network` with the reason `redirect`, the errors of `sendOnce` and `request.checkRedirect`, or the
 * signal's reason
 */
export async function sendFollowingRedirects(
  request: HttpRequest,
  sendOnce: (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>,
  discard: (response: HttpResponse) => Promise<void>,
  signal: AbortSignal,
): Promise<HttpResponse> {
  let current = request;
  for (let hops = 0;; hops++) {
    const response = await sendOnce(current, signal);
    const location = response.headers.get("location");
    if (!STATUSES.has(response.status) || location === null) return response;
    try {
      if (hops === MAX_REDIRECTS) throw refuse(request.url, `more than ${MAX_REDIRECTS} redirects`);
      current = await nextRequest(current, response.status, location, request);
    } catch (error) {
      response[Symbol.dispose]();
      throw error;
    }
    await discard(response);
  }
}

async function nextRequest(
  from: HttpRequest,
  status: number,
  location: string,
  first: HttpRequest,
): Promise<HttpRequest> {
  const url = targetOf(from.url, location);
  await first.checkRedirect?.(url);
  const isSameOrigin = url.origin === from.url.origin;
  // Other statuses turn POST into GET, as in browsers and Go (RFC 9110, section 15.4).
  const keepsMethod = from.method !== "POST" || status === 307 || status === 308;
  if (from.method === "POST" && keepsMethod && !isSameOrigin) {
    // The body is a form with a password or a refresh token.
    throw refuse(from.url, `a form must not be sent to another host, "${url.host}"`);
  }
  const headers = isSameOrigin ? from.headers : safeHeaders(from.headers);
  const { body: _body, method: _method, ...rest } = from;
  if (!keepsMethod) {
    const { "content-type": _type, ...others } = headers;
    return { ...rest, method: "GET", url, headers: others };
  }
  return { ...from, url, headers };
}

function targetOf(from: URL, location: string): URL {
  let url: URL;
  try {
    url = new URL(location, from);
  } catch {
    throw refuse(from, "the location is not a URL");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw refuse(from, `the location has the scheme "${url.protocol.slice(0, -1)}" instead of https`);
  }
  if (from.protocol === "https:" && url.protocol === "http:") {
    throw refuse(from, `it leads from https to plain HTTP, "${redactUrl(url)}"`);
  }
  // `fetch` would turn them into an Authorization header.
  url.username = "";
  url.password = "";
  return url;
}

function safeHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => SAFE_HEADERS.has(name.toLowerCase())),
  );
}

function refuse(from: URL, cause: string): AppError {
  return new AppError("network", `Cannot follow redirect of "${redactUrl(from)}": ${cause}`, {
    details: { host: from.host, reason: "redirect", isRetryable: false },
  });
}
