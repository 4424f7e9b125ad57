/**
 * The idle connections to one server.
 *
 * @module
 */
import { abortable } from "../../base/concurrency/abort.ts";
import { CONNECT_MAX_MS, IDLE_CONNECTION_MAX_MS, IDLE_SWEEP_MIN_UPTIME_MS } from "../../base/tuning.ts";
import { type ConnectionTarget, type Http1Connection, openWithin } from "./connection.ts";

/** Idle connections to one server, opened with the same trusted CAs. Close it. */
export class ConnectionPool {
  readonly #target: ConnectionTarget;
  /** Unclaimed connections that `preconnect` is opening, each with the signal that can abort it. */
  readonly #opening = new Map<Promise<Http1Connection | undefined>, AbortSignal>();
  #idle: { readonly connection: Http1Connection; readonly since: number }[] = [];
  /** The shortest time from a request to its response, in milliseconds: at least one round trip. */
  #latency = Infinity;
  #keepsAlive = false;
  #sweep: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /** Creates a pool without connections. */
  constructor(target: ConnectionTarget) {
    this.#target = target;
  }

  /** Whether a request to `url` that trusts `caCerts` may use its connections. */
  serves(url: URL, caCerts: readonly string[]): boolean {
    const own = this.#target;
    return own.url.origin === url.origin && own.caCerts.length === caCerts.length &&
      own.caCerts.every((cert, i) => cert === caCerts[i]);
  }

  /** The shortest time from a request to its response, in milliseconds; 0 before the first response. */
  get latency(): number {
    return this.#latency === Infinity ? 0 : this.#latency;
  }

  /** Whether the server has kept a connection open after a response. */
  get keepsAlive(): boolean {
    return this.#keepsAlive;
  }

  /** Records the time from a request to its response, in milliseconds. */
  recordLatency(ms: number): void {
    this.#latency = Math.min(this.#latency, ms);
  }

  /** Records that a response was read to its end and its connection can be used again. */
  recordUse(connection: Http1Connection): void {
    connection.uses++;
    this.#keepsAlive = true;
  }

  /**
   * Opens `count` connections before the requests that will use them. It never throws: `open` retries and reports the
   * error.
   */
  async preconnect(count: number, headTimeout: number, signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: count }, async () => {
      const opening = this.#openNew(headTimeout, signal).catch(() => undefined);
      this.#opening.set(opening, signal);
      const connection = await opening;
      const isClaimed = !this.#opening.delete(opening);
      if (connection !== undefined && !isClaimed) this.putBack(connection);
    }));
  }

  /** Takes the most recently used idle connection; undefined if the server may have closed it. */
  takeIdle(): Http1Connection | undefined {
    const last = this.#idle.pop();
    if (last === undefined || last.since > Date.now() - IDLE_CONNECTION_MAX_MS) return last?.connection;
    // The other ones have been idle even longer.
    for (const { connection } of [last, ...this.#idle.splice(0)]) connection.close();
    return undefined;
  }

  /**
   * Opens a connection, or waits for one that `preconnect` is opening; undefined if that fails.
   *
   * @throws the signal's reason
   */
  async open(headTimeout: number, signal: AbortSignal): Promise<Http1Connection | undefined> {
    signal.throwIfAborted();
    const [claimed] = this.#opening;
    if (claimed === undefined) return await this.#openNew(headTimeout, signal);
    const [opening, openerSignal] = claimed;
    this.#opening.delete(opening);
    try {
      const connection = await abortable(opening, signal);
      // Retry only if it was aborted: any other failure would repeat and take the time of a second attempt.
      if (connection !== undefined || !openerSignal.aborted) return connection;
      return await this.#openNew(headTimeout, signal);
    } catch (error) {
      opening.then((connection) => connection && this.putBack(connection));
      throw error;
    }
  }

  async #openNew(headTimeout: number, signal: AbortSignal): Promise<Http1Connection | undefined> {
    signal.throwIfAborted();
    try {
      return await openWithin(this.#target, Math.min(CONNECT_MAX_MS, headTimeout), signal);
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }

  /** Adds a connection whose responses were all read; closes it if it can't be used again. */
  putBack(connection: Http1Connection): void {
    // Unsolicited bytes would be parsed as the next response.
    if (this.#isClosed || connection.isClosed || connection.hasUnread) return connection.close();
    this.#idle.push({ connection, since: Date.now() });
    this.#startSweep();
  }

  /** Closes all idle connections, and each connection that is put back later. */
  close(): void {
    this.#isClosed = true;
    for (const { connection } of this.#idle.splice(0)) connection.close();
    if (this.#sweep === undefined) return;
    clearTimeout(this.#sweep);
    this.#sweep = undefined;
  }

  /** The timer isn't reset when a connection is taken or put back: that costs as much as a request. */
  #startSweep(): void {
    if (this.#sweep !== undefined || performance.now() < IDLE_SWEEP_MIN_UPTIME_MS) return;
    const timer = setTimeout(() => {
      this.#sweep = undefined;
      const oldest = Date.now() - IDLE_CONNECTION_MAX_MS;
      for (const { connection, since } of this.#idle) if (since <= oldest) connection.close();
      this.#idle = this.#idle.filter(({ since }) => since > oldest);
      if (this.#idle.length > 0) this.#startSweep();
    }, IDLE_CONNECTION_MAX_MS);
    // An idle connection must not keep the process alive.
    Deno.unrefTimer(timer);
    this.#sweep = timer;
  }
}
