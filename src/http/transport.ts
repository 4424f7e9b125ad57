/**
 * The HTTP transport: `Http1Client` where it supports the request, otherwise `fetch`. No other file calls `fetch`.
 *
 * @module
 */
import { abortScope } from "../base/concurrency/abort.ts";
import { AppError, messageOf } from "../base/errors.ts";
import { Limiter } from "../base/concurrency/limiter.ts";
import { after } from "../base/concurrency/timer.ts";
import { FETCH_SMALL_REQUESTS, HEAD_TIMEOUT_MS } from "../base/tuning.ts";
import { Http1Client } from "./h1/client.ts";
import { discardResponse } from "./message/discard.ts";
import { FetchResponse } from "./fetch_response.ts";
import type { HttpRequest, HttpResponse, Transport } from "./message/http_message.ts";
import { headTimeoutError, networkErrorFrom, networkReasonOf } from "./network/network_error.ts";
import { type ProxyChoice, proxyChooser } from "./network/proxies.ts";
import { sendFollowingRedirects } from "./redirects.ts";
import type { ProxySettings } from "./network/proxies.ts";
import { NO_TLS, readSystemRoots, type TlsIdentity, type TlsIdentitySource } from "./tls/tls.ts";

/** Options of a transport; every field has a default. */
export interface TransportOptions {
  /** Proxies. @default {{}} */
  readonly proxies?: ProxySettings;
  /** Trusted CAs and client certificates. @default {NO_TLS} */
  readonly tls?: TlsIdentitySource;
  /** Limit for opening a connection and receiving the head of a response, in milliseconds. @default {30_000} */
  readonly headTimeout?: number;
  /** The User-Agent header. @default {"dray"} */
  readonly userAgent?: string;
  /** Called with the URL of each request before it is sent, redirects included. */
  readonly onRequest?: (url: URL) => void;
}

/** A transport that keeps idle connections until it is closed. */
export interface ClosableTransport extends Transport {
  /** Closes idle connections; a second call does nothing. Bodies can still be read. */
  close(): void;
}

/**
 * Creates a transport. The caller closes it.
 *
 * @param readRoots reads the system's CA bundle, only after a certificate was signed by a CA that the runtime doesn't
 * know. A parameter because tests can't write to the paths of the bundle.
 * @throws AppError `invalid_argument` for a proxy that is not a URL
 */
export function createTransport(
  options: TransportOptions = {},
  readRoots: () => Promise<string | undefined> = readSystemRoots,
): ClosableTransport {
  return new HttpTransport(options, readRoots);
}

/** Throws the runtime's error for unusable certificates, while the caller still knows which file they came from. */
export function tryIdentity(identity: TlsIdentity): void {
  Deno.createHttpClient({ caCerts: [...identity.caCerts], ...identity.client }).close();
}

class HttpTransport implements ClosableTransport {
  readonly #clients: PooledClient[] = [];
  readonly #http1: Http1Client;
  readonly #smallRequests = new Limiter(FETCH_SMALL_REQUESTS);
  readonly #chooseProxy: (url: URL) => ProxyChoice | undefined;
  readonly #tls: TlsIdentitySource;
  readonly #headTimeout: number;
  readonly #userAgent: string;
  readonly #onRequest: (url: URL) => void;
  readonly #readRoots: () => Promise<string | undefined>;
  #systemRoots: Promise<string | undefined> | undefined;
  /** Hosts whose certificates are signed by a CA of the system's bundle only. */
  readonly #needSystemRoots = new Set<string>();
  #isClosed = false;

  constructor(options: TransportOptions, readRoots: () => Promise<string | undefined>) {
    this.#chooseProxy = proxyChooser(options.proxies ?? {});
    this.#tls = options.tls ?? NO_TLS;
    this.#headTimeout = options.headTimeout ?? HEAD_TIMEOUT_MS;
    this.#http1 = new Http1Client(this.#headTimeout);
    this.#userAgent = options.userAgent ?? "dray";
    this.#onRequest = options.onRequest ?? (() => {});
    this.#readRoots = readRoots;
  }

  send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    return sendFollowingRedirects(
      withoutUserInfo(request),
      (hop, signal) => this.#sendTrusting(hop, request.onBehalfOf ?? request.url, signal),
      discardResponse,
      signal,
    );
  }

  close(): void {
    this.#isClosed = true;
    this.#http1.close();
    for (const { client } of this.#clients.splice(0)) client.close();
  }

  /** Sends a request. If its certificate is signed by an unknown CA, retries once with the system's CA bundle. */
  async #sendTrusting(request: HttpRequest, onBehalfOf: URL, signal: AbortSignal): Promise<HttpResponse> {
    const host = request.url.host;
    const identity = await this.#identityFor(request.url, onBehalfOf);
    const needsRoots = this.#needSystemRoots.has(host);
    const roots = needsRoots ? await this.#systemRoots : undefined;
    try {
      return await this.#sendOnce(request, withRoots(identity, roots), signal);
    } catch (error) {
      if (needsRoots || networkReasonOf(error) !== "tls_authority") throw error;
      const systemRoots = await (this.#systemRoots ??= this.#readRoots());
      if (systemRoots === undefined) throw error;
      const response = await this.#sendOnce(request, withRoots(identity, systemRoots), signal);
      this.#needSystemRoots.add(host);
      return response;
    }
  }

  async #identityFor(url: URL, onBehalfOf: URL): Promise<TlsIdentity> {
    if (url.protocol !== "https:") return { caCerts: [] };
    const target = await this.#tls.tlsFor(url);
    if (onBehalfOf.origin === url.origin || onBehalfOf.protocol !== "https:") return target;
    // A redirect target inherits the trusted CAs, but not the client certificate.
    const origin = await this.#tls.tlsFor(onBehalfOf);
    return { ...target, caCerts: [...new Set([...target.caCerts, ...origin.caCerts])] };
  }

  async #sendOnce(request: HttpRequest, identity: TlsIdentity, signal: AbortSignal): Promise<HttpResponse> {
    signal.throwIfAborted();
    this.#mustBeOpen();
    this.#onRequest(request.url);
    const proxy = this.#chooseProxy(request.url);
    const headers = { "user-agent": this.#userAgent, ...request.headers, "accept-encoding": "identity" };
    if (proxy !== undefined || !this.#http1.canSend(request, identity)) {
      return await this.#sendWithFetch(request, headers, identity, proxy, signal);
    }
    const response = await this.#http1.send(request, headers, identity, signal);
    if (response !== undefined) return response;
    // `fetch` tries all addresses of a host name, and reports why it can't connect.
    const fetched = await this.#sendWithFetch(request, headers, identity, proxy, signal);
    this.#http1.markUnreachable(request.url);
    return fetched;
  }

  async #sendWithFetch(
    request: HttpRequest,
    headers: Record<string, string>,
    identity: TlsIdentity,
    proxy: ProxyChoice | undefined,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    this.#mustBeOpen();
    // Without a limit, `fetch` would open one connection per small request.
    using slot = new DisposableStack();
    if (request.expectedBytes !== undefined) slot.use(await this.#smallRequests.acquire(signal));
    const client = this.#clientFor(request.url, identity, proxy);
    const scope = abortScope(signal);
    const disarm = after(
      this.#headTimeout,
      () => scope.abort(headTimeoutError(request.url, this.#headTimeout)),
    );
    try {
      const response = await fetch(request.url, {
        method: request.method,
        headers,
        ...(request.body === undefined ? {} : { body: request.body }),
        redirect: "manual",
        signal: scope.signal,
        client,
      });
      return new FetchResponse(response, request, scope, slot.move(), signal);
    } catch (error) {
      scope[Symbol.dispose]();
      signal.throwIfAborted();
      throw networkErrorFrom(error, request.url, proxy?.url.host);
    } finally {
      disarm();
    }
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new AppError("internal", "Cannot send a request: the transport is closed");
  }

  #clientFor(url: URL, identity: TlsIdentity, proxy: ProxyChoice | undefined): Deno.HttpClient {
    const pooled = this.#clients.find((pooled) =>
      pooled.proxy === proxy && isSameIdentity(pooled.identity, identity)
    );
    if (pooled !== undefined) return pooled.client;
    const client = createClient(url, identity, proxy);
    this.#clients.push({ identity, proxy, client });
    return client;
  }
}

/** A client with its parameters: requests share connections only if their proxy and TLS identity are the same. */
interface PooledClient {
  readonly identity: TlsIdentity;
  readonly proxy: ProxyChoice | undefined;
  readonly client: Deno.HttpClient;
}

function isSameIdentity(a: TlsIdentity, b: TlsIdentity): boolean {
  return a === b || (
    a.client?.cert === b.client?.cert && a.client?.key === b.client?.key &&
    a.caCerts.length === b.caCerts.length && a.caCerts.every((cert, i) => cert === b.caCerts[i])
  );
}

/** `fetch` turns user information in a URL, such as that of a foreign layer, into an Authorization header. */
function withoutUserInfo(request: HttpRequest): HttpRequest {
  if (request.url.username === "" && request.url.password === "") return request;
  const url = new URL(request.url);
  url.username = "";
  url.password = "";
  return { ...request, url };
}

function withRoots(identity: TlsIdentity, roots: string | undefined): TlsIdentity {
  return roots === undefined ? identity : { ...identity, caCerts: [...identity.caCerts, roots] };
}

function createClient(url: URL, identity: TlsIdentity, proxy: ProxyChoice | undefined): Deno.HttpClient {
  const options: Deno.CreateHttpClientOptions = {
    http2: false,
    caCerts: [...identity.caCerts],
    ...(proxy === undefined ? {} : {
      proxy: {
        url: proxy.url.href,
        ...(proxy.basicAuth === undefined ? {} : { basicAuth: proxy.basicAuth }),
      },
    }),
  };
  try {
    return Deno.createHttpClient({ ...options, ...identity.client });
  } catch (cause) {
    throw new AppError(
      "invalid_content",
      `Cannot reach "${url.host}": unusable certificate or key: ${messageOf(cause)}`,
      { cause },
    );
  }
}
