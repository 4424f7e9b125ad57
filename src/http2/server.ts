/**
 * Accepting connections, watching over them, and shutting down.
 *
 * @module
 */
import { sleep } from "../base/abort.ts";
import { backoffDelay } from "../base/backoff.ts";
import { Http2Connection } from "./connection.ts";
import type { Http2StreamHandler } from "./connection_streams.ts";
import type { SharedTotal } from "./stream/send_budget.ts";
import { type Http2Limits, resolveHttp2Limits } from "./frame/limits.ts";

/** How often the limits of time are applied, in milliseconds. */
const CHECK_MS = 1000;
/** Waits after a failed accept; there may be no descriptor until another connection ends. */
const ACCEPT_BACKOFF = { first: 20, most: 1000 };

/** What a server is made with. */
export interface Http2ServerOptions {
  /** Called for each request. */
  readonly onStream: Http2StreamHandler;
  /** Hears of broken protocol, handlers that throw, and failed accepts; for the log. */
  readonly onError?: (error: unknown) => void;
  /** Changes to the defaults. */
  readonly limits?: Partial<Http2Limits>;
}

/** How a shutdown ended: all calls were answered, or the grace was over and the rest was cut off. */
export type ShutdownEnd = "drained" | "cut";

/** An HTTP/2 server (cleartext, prior knowledge) over listeners that it is given. */
export class Http2Server {
  readonly #connections = new Map<Http2Connection, Promise<void>>();
  readonly #listeners = new Set<Deno.Listener>();
  readonly #onStream: Http2StreamHandler;
  readonly #onError: (error: unknown) => void;
  readonly #limits: Http2Limits;
  readonly #stopping = new AbortController();
  readonly #queued: SharedTotal = { bytes: 0 };
  #watch: ReturnType<typeof setInterval> | undefined;

  /**
   * Nothing is served before {@linkcode serve}.
   *
   * @throws AppError `invalid_argument` for a limit of HTTP/2 that is out of range
   */
  constructor(options: Http2ServerOptions) {
    this.#onStream = options.onStream;
    this.#onError = options.onError ?? (() => {});
    this.#limits = resolveHttp2Limits(options.limits);
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /**
   * Serves the listener's connections until {@linkcode shutdown}, which closes the listener, or until somebody
   * else closes it. A failed accept (no descriptors left) is reported, and tried again.
   */
  async serve(listener: Deno.Listener): Promise<void> {
    if (this.#stopping.signal.aborted) return listener.close();
    this.#listeners.add(listener);
    this.#watch ??= setInterval(() => this.#check(), CHECK_MS);
    let failures = 0;
    while (this.#listeners.has(listener)) {
      try {
        this.#take(await listener.accept());
        failures = 0;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        // The listener is closed: no later accept can succeed.
        if (isClosed(error)) this.#listeners.delete(listener);
        else await this.#rest(error, ++failures);
      }
    }
  }

  /**
   * Stops accepting, tells each client that no new calls are taken, and waits for those under way.
   *
   * @param graceMs how long to wait before the rest is cut off
   */
  async shutdown(graceMs: number): Promise<ShutdownEnd> {
    this.#stopping.abort();
    for (const listener of this.#listeners) listener.close();
    this.#listeners.clear();
    for (const connection of this.#connections.keys()) connection.shutdown();
    const end = await this.#drain(graceMs);
    for (const connection of this.#connections.keys()) connection.close();
    await Promise.all(this.#connections.values());
    clearInterval(this.#watch);
    return end;
  }

  #take(conn: Deno.Conn): void {
    if (this.#connections.size >= this.#limits.maxConnections && !this.#closeIdlest()) return conn.close();
    const connection = new Http2Connection(conn, {
      onStream: this.#onStream,
      onError: this.#onError,
      limits: this.#limits,
      queued: this.#queued,
    });
    const done = connection.run().finally(() => this.#connections.delete(connection));
    this.#connections.set(connection, done);
  }

  /** Makes room at the cost of the connection that has been idle longest; false if none is. */
  #closeIdlest(): boolean {
    let idlest: Http2Connection | undefined;
    for (const connection of this.#connections.keys()) {
      if (connection.idleSince === undefined) continue;
      if (idlest?.idleSince === undefined || connection.idleSince < idlest.idleSince) idlest = connection;
    }
    if (idlest === undefined) return false;
    // Its entry goes now, not when its reader has noticed: the next accept counts again.
    this.#connections.delete(idlest);
    idlest.close();
    return true;
  }

  #check(): void {
    const now = performance.now();
    for (const connection of this.#connections.keys()) connection.check(now);
  }

  async #rest(error: unknown, failures: number): Promise<void> {
    this.#onError(error);
    await sleep(backoffDelay(ACCEPT_BACKOFF, failures), this.#stopping.signal).catch(() => {});
  }

  async #drain(graceMs: number): Promise<ShutdownEnd> {
    const { promise: over, resolve } = Promise.withResolvers<ShutdownEnd>();
    const timer = setTimeout(() => resolve("cut"), graceMs);
    const all = Promise.all(this.#connections.values()).then(() => "drained" as const);
    const end = await Promise.race([all, over]);
    clearTimeout(timer);
    return end;
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted;
}
