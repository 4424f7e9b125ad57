/**
 * Our own HTTP/1.1 client for GET and HEAD without a proxy: a sixth faster over TLS than the runtime's, and it gives
 * bodies as they are sent. What it can't reach, the runtime's client still can.
 *
 * @module
 */
import { after } from "../../base/timer.ts";
import type { HttpRequest, HttpResponse } from "../message/http_message.ts";
import { CONTENT_LENGTH } from "../message/http_names.ts";
import { headTimeoutError, networkErrorFrom } from "../network/network_error.ts";
import type { TlsIdentity } from "../tls/tls.ts";
import { type Http1Request, type RawRequest, rawRequest, readHead } from "./request.ts";
import { PipelinePool, PIPELINES_MAX } from "./pipelines.ts";
import { ConnectionPool } from "./pool.ts";
import { OpenResponse, receivedResponse } from "./response.ts";

/** Connections that are opened ahead: a pull asks for config and layers as soon as it has the manifest. */
const WARM_CONNECTIONS = 4;
/** More than comes at once over a new connection (RFC 6928): the rest is a round trip away, and names many layers. */
const FIRST_WINDOW_BYTES = 14_600;
/** A host that answers sooner makes connections as soon, in milliseconds. */
const WARM_AFTER_MS = 5;

/** Sends requests over connections of its own, which it holds until it is closed. */
export class Http1Client {
  readonly #pools: { readonly pool: ConnectionPool; readonly lanes: PipelinePool }[] = [];
  readonly #headTimeout: number;
  /** Origins that only the runtime's client could reach. */
  readonly #indirect = new Set<string>();

  /** @param headTimeout how long a connection and the head of a response may take, in milliseconds */
  constructor(headTimeout: number) {
    this.#headTimeout = headTimeout;
  }

  /** Whether it is worth asking for a connection. A client certificate can't be had over a TLS of our own making. */
  canSend(request: HttpRequest, identity: TlsIdentity): request is Http1Request {
    return request.method !== "POST" && request.body === undefined && identity.client === undefined &&
      !this.#indirect.has(request.url.origin);
  }

  /** Never asks this origin again: the other client reached it, and this one did not. */
  giveUp(url: URL): void {
    this.#indirect.add(url.origin);
  }

  /**
   * Sends a request.
   *
   * @param headers all that are sent beside Host
   * @returns undefined if there is no connection to be had: nothing was sent then
   * @throws AppError `network`, or the signal's reason
   */
  async send(
    request: Http1Request,
    headers: Readonly<Record<string, string>>,
    identity: TlsIdentity,
    signal: AbortSignal,
  ): Promise<HttpResponse | undefined> {
    const { url, expectedBytes } = request;
    const { pool, lanes } = this.#poolFor(url, identity);
    let raw: RawRequest;
    try {
      raw = rawRequest(request, headers);
    } catch (error) {
      throw networkErrorFrom(error, url);
    }
    if (expectedBytes !== undefined) {
      const response = await lanes.send(raw, expectedBytes, signal);
      if (response !== undefined) return receivedResponse(response, url);
    }
    const sending = this.#sendAlone(raw, url, pool, signal);
    return request.isOpening ? await this.#warmMeanwhile(sending, pool, signal) : await sending;
  }

  /** Opens connections while an answer is on its way that many requests will follow. */
  async #warmMeanwhile(
    sending: Promise<HttpResponse | undefined>,
    pool: ConnectionPool,
    signal: AbortSignal,
  ): Promise<HttpResponse | undefined> {
    if (pool.keepsAlive) return await sending;
    const warm = (count: number) => pool.warm(count, this.#headTimeout, signal);
    // One more turn of the loop: a program that was busy till then finds an answer that has come meanwhile first.
    let disarm = after(WARM_AFTER_MS, () => disarm = after(0, () => warm(WARM_CONNECTIONS)));
    try {
      const response = await sending;
      const length = Number(response?.headers.get(CONTENT_LENGTH) ?? 0);
      if (response?.status === 200 && length > FIRST_WINDOW_BYTES) warm(PIPELINES_MAX - WARM_CONNECTIONS);
      return response;
    } finally {
      disarm();
    }
  }

  async #sendAlone(
    { method, text }: RawRequest,
    url: URL,
    pool: ConnectionPool,
    signal: AbortSignal,
  ): Promise<HttpResponse | undefined> {
    for (;;) {
      const connection = pool.takeIdle() ?? await pool.open(this.#headTimeout, signal);
      if (connection === undefined) return undefined;
      const isReused = connection.uses > 0;
      const close = () => connection.close();
      if (signal.aborted) close();
      signal.addEventListener("abort", close, { once: true });
      const release = () => signal.removeEventListener("abort", close);
      let isLate = false;
      let disarm: (() => void) | undefined;
      try {
        const begin = performance.now();
        const writing = connection.write(text);
        disarm = after(this.#headTimeout, () => {
          isLate = true;
          close();
        });
        await writing;
        const head = await readHead(connection, method);
        if (head === undefined) throw new Error("connection closed before message completed");
        pool.noteLatency(performance.now() - begin);
        return new OpenResponse(head, url, connection, pool, release, signal);
      } catch (error) {
        const isStale = isReused && !connection.hasUnread && !isLate;
        connection.close();
        release();
        signal.throwIfAborted();
        // A server closes what was idle for too long, and it may do so while our request is on its way.
        if (isStale) continue;
        throw isLate ? headTimeoutError(url, this.#headTimeout) : networkErrorFrom(error, url);
      } finally {
        disarm?.();
      }
    }
  }

  /** Closes idle connections. Bodies that are being read go on. */
  close(): void {
    for (const { pool } of this.#pools.splice(0)) pool.close();
  }

  #poolFor(url: URL, identity: TlsIdentity) {
    const known = this.#pools.find(({ pool }) => pool.serves(url, identity.caCerts));
    if (known !== undefined) return known;
    const pool = new ConnectionPool({ url, caCerts: identity.caCerts });
    const made = { pool, lanes: new PipelinePool(pool, this.#headTimeout) };
    this.#pools.push(made);
    return made;
  }
}
