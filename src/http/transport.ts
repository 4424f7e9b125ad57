/**
 * HTTP: over a client of our own where that can be, else over the runtime's `fetch`. The only file that calls it.
 *
 * @module
 */
import { abortScope } from "../base/abort.ts";
import { AppError, messageOf } from "../base/errors.ts";
import { Limiter } from "../base/limiter.ts";
import { after } from "../base/timer.ts";
import { Http1Client } from "./h1/client.ts";
import { discardResponse } from "./message/discard.ts";
import { FetchResponse } from "./fetch_response.ts";
import type { HttpRequest, HttpResponse, Transport } from "./message/http_message.ts";
import { headTimeoutError, networkErrorFrom, networkReasonOf } from "./network/network_error.ts";
import { type ProxyChoice, proxyChooser } from "./network/proxies.ts";
import { sendFollowingRedirects } from "./redirects.ts";
import type { ProxySettings } from "./network/proxies.ts";
import { NO_TLS, readSystemRoots, type TlsIdentity, type TlsIdentitySource } from "./tls/tls.ts";

/** How long a connection and the head of a response may take unless told otherwise, in milliseconds. */
const DEFAULT_HEAD_TIMEOUT_MS = 30_000;
/** Requests for small bodies at once, by way of the runtime's client. */
const SMALL_REQUESTS = 16;

/** What a transport is made with; every field has a default. */
export interface TransportOptions {
  /** Proxies. @default {{}} */
  readonly proxies?: ProxySettings;
  /** Certificates. @default {NO_TLS} */
  readonly tls?: TlsIdentitySource;
  /** How long a connection and the head of a response may take, in milliseconds. @default {30_000} */
  readonly headTimeout?: number;
  /** What to call ourselves. @default {"dray"} */
  readonly userAgent?: string;
  /** Hears of each address right before it is asked. @default nobody does */
  readonly onRequest?: (url: URL) => void;
  /** The system's own authorities, asked for only if the runtime's don't suffice. @default {readSystemRoots} */
  readonly systemRoots?: () => Promise<string | undefined>;
}

/** A transport that holds idle connections until it is closed. */
export interface ClosableTransport extends Transport {
  /** Closes idle connections; a second call does nothing. Bodies that are being read go on. */
  close(): void;
}

/**
 * Makes a transport.
 *
 * @throws AppError `invalid_argument` for a proxy that is not a URL
 */
export function createTransport(options: TransportOptions = {}): ClosableTransport {
  return new HttpTransport(options);
}

/** Throws what the runtime has against certificates, while the caller still knows which file they came from. */
export function tryIdentity(identity: TlsIdentity): void {
  Deno.createHttpClient({ caCerts: [...identity.caCerts], ...identity.client }).close();
}

class HttpTransport implements ClosableTransport {
  readonly #clients: PooledClient[] = [];
  readonly #direct: Http1Client;
  readonly #smallOnes = new Limiter(SMALL_REQUESTS);
  readonly #chooseProxy: (url: URL) => ProxyChoice | undefined;
  readonly #tls: TlsIdentitySource;
  readonly #headTimeout: number;
  readonly #userAgent: string;
  readonly #onRequest: (url: URL) => void;
  readonly #readSystemRoots: () => Promise<string | undefined>;
  #systemRoots: Promise<string | undefined> | undefined;
  /** Hosts whose certificates only the system's own authorities vouch for. */
  readonly #needSystemRoots = new Set<string>();
  #isClosed = false;

  constructor(options: TransportOptions) {
    this.#chooseProxy = proxyChooser(options.proxies ?? {});
    this.#tls = options.tls ?? NO_TLS;
    this.#headTimeout = options.headTimeout ?? DEFAULT_HEAD_TIMEOUT_MS;
    this.#direct = new Http1Client(this.#headTimeout);
    this.#userAgent = options.userAgent ?? "dray";
    this.#onRequest = options.onRequest ?? (() => {});
    this.#readSystemRoots = options.systemRoots ?? readSystemRoots;
  }

  send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    return sendFollowingRedirects(
      withoutUserInfo(request),
      (one, signal) => this.#sendTrusting(one, request.onBehalfOf ?? request.url, signal),
      discardResponse,
      signal,
    );
  }

  close(): void {
    this.#isClosed = true;
    this.#direct.close();
    for (const { client } of this.#clients.splice(0)) client.close();
  }

  /** Sends; if no authority known to the runtime signed the host's certificate, once more with the system's own. */
  async #sendTrusting(request: HttpRequest, onBehalfOf: URL, signal: AbortSignal): Promise<HttpResponse> {
    const host = request.url.host;
    const identity = await this.#identityFor(request.url, onBehalfOf);
    const isKnown = this.#needSystemRoots.has(host);
    const roots = isKnown ? await this.#systemRoots : undefined;
    try {
      return await this.#sendOnce(request, withRoots(identity, roots), signal);
    } catch (error) {
      if (isKnown || networkReasonOf(error) !== "tls_authority") throw error;
      const more = await (this.#systemRoots ??= this.#readSystemRoots());
      if (more === undefined) throw error;
      const response = await this.#sendOnce(request, withRoots(identity, more), signal);
      this.#needSystemRoots.add(host);
      return response;
    }
  }

  async #identityFor(url: URL, onBehalfOf: URL): Promise<TlsIdentity> {
    if (url.protocol !== "https:") return { caCerts: [] };
    const own = await this.#tls.tlsFor(url);
    if (onBehalfOf.origin === url.origin || onBehalfOf.protocol !== "https:") return own;
    // Trust is handed on with a redirect, our own identity is not.
    const sender = await this.#tls.tlsFor(onBehalfOf);
    return { ...own, caCerts: [...new Set([...own.caCerts, ...sender.caCerts])] };
  }

  async #sendOnce(request: HttpRequest, identity: TlsIdentity, signal: AbortSignal): Promise<HttpResponse> {
    signal.throwIfAborted();
    this.#mustBeOpen();
    this.#onRequest(request.url);
    const proxy = this.#chooseProxy(request.url);
    const headers = { "user-agent": this.#userAgent, ...request.headers, "accept-encoding": "identity" };
    if (proxy !== undefined || !this.#direct.canSend(request, identity)) {
      return await this.#sendFetching(request, headers, identity, proxy, signal);
    }
    const direct = await this.#direct.send(request, headers, identity, signal);
    if (direct !== undefined) return direct;
    // It tries all addresses of a name, and knows why a connection can't be had.
    const response = await this.#sendFetching(request, headers, identity, proxy, signal);
    this.#direct.giveUp(request.url);
    return response;
  }

  async #sendFetching(
    request: HttpRequest,
    headers: Record<string, string>,
    identity: TlsIdentity,
    proxy: ProxyChoice | undefined,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    this.#mustBeOpen();
    // Our own client lines small requests up by itself; the runtime's would make a connection for each.
    using slot = new DisposableStack();
    if (request.expectedBytes !== undefined) slot.use(await this.#smallOnes.acquire(signal));
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
    const pooled = this.#clients.find((one) => one.proxy === proxy && isSameIdentity(one.identity, identity));
    if (pooled !== undefined) return pooled.client;
    const client = createClient(url, identity, proxy);
    this.#clients.push({ identity, proxy, client });
    return client;
  }
}

/** A client and what it was made for: connections are shared only among requests that say the same in TLS. */
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

/** The runtime would make an Authorization header of a user in an address, such as that of a foreign layer. */
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
      `Cannot reach "${url.host}": a certificate or key for it can't be used: ${messageOf(cause)}`,
      { cause },
    );
  }
}
