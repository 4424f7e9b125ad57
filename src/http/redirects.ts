/**
 * Following redirects by hand: the runtime's own way would carry credentials along.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { redactUrl } from "../base/redact.ts";
import type { HttpRequest, HttpResponse } from "./message/http_message.ts";

/** As browsers and Go do; more is a loop. */
const MAX_REDIRECTS = 10;
/** What may go to another origin: everything else could be a secret, such as a header that the user configured. */
const HARMLESS_HEADERS = new Set([
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
 * Sends a request and follows its redirects: at most 10, nothing but harmless headers to another origin, never from
 * https down to http.
 *
 * @param sendOnce sends one request and follows nothing
 * @param discard ends a response whose body nobody wants
 * @throws AppError `network` with the reason `redirect`, whatever `sendOnce` and `request.checkRedirect` throw, or the
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
      if (hops === MAX_REDIRECTS) throw refuse(request.url, `it redirected more than ${MAX_REDIRECTS} times`);
      current = nextRequest(current, response.status, location, request);
    } catch (error) {
      response[Symbol.dispose]();
      throw error;
    }
    await discard(response);
  }
}

function nextRequest(from: HttpRequest, status: number, location: string, first: HttpRequest): HttpRequest {
  const url = targetOf(from.url, location);
  first.checkRedirect?.(url);
  const isSameOrigin = url.origin === from.url.origin;
  // As browsers do, and Go: only 307 and 308 keep a POST a POST.
  const keepsMethod = from.method !== "POST" || status === 307 || status === 308;
  if (from.method === "POST" && keepsMethod && !isSameOrigin) {
    // The body is a form with a password or a refresh token.
    throw refuse(from.url, `it redirected a form to another host, "${url.host}"`);
  }
  const headers = isSameOrigin ? from.headers : harmless(from.headers);
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
    throw refuse(from, "it redirected to something that is not a URL");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw refuse(from, `it redirected to the scheme "${url.protocol.slice(0, -1)}", want https`);
  }
  if (from.protocol === "https:" && url.protocol === "http:") {
    throw refuse(from, `it redirected from https down to "${redactUrl(url)}"`);
  }
  // The runtime would make an Authorization header of them.
  url.username = "";
  url.password = "";
  return url;
}

function harmless(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => HARMLESS_HEADERS.has(name.toLowerCase())),
  );
}

function refuse(from: URL, why: string): AppError {
  return new AppError("network", `Cannot follow redirect of "${redactUrl(from)}": ${why}`, {
    details: { host: from.host, reason: "redirect", isRetryable: false },
  });
}
