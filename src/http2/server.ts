/**
 * Accepts HTTP/2 connections, enforces their time limits, and shuts them down.
 *
 * @module
 */
import { sleep } from "../base/concurrency/abort.ts";
import { backoffDelay } from "../base/concurrency/backoff.ts";
import { Http2Connection } from "./connection.ts";
import type { Http2StreamHandler } from "./connection_streams.ts";
import { OpenRequests } from "./stream/open_requests.ts";
import type { SharedTotal } from "./stream/send_budget.ts";
import { type Http2Limits, resolveHttp2Limits } from "./frame/limits.ts";

/** How often the time limits are checked, in milliseconds. */
const CHECK_MS = 1000;
/** Waits after a failed accept: if no file descriptor is free, one is freed only when a connection ends. */
const ACCEPT_BACKOFF = { first: 20, most: 1000 };

/** Options of {@linkcode Http2Server}. */
export interface Http2ServerOptions {
  /** Called for each request. */
  readonly onStream: Http2StreamHandler;
  /** Called for protocol errors, exceptions of handlers, and failed accepts; for the log. */
  readonly onError?: (error: unknown) => void;
  /** Limits that differ from the defaults. */
  readonly limits?: Partial<Http2Limits>;
}

/** How a shutdown ended: all requests were completed, or the rest was aborted at the end of the grace period. */
export type ShutdownEnd = "drained" | "aborted";

/** An HTTP/2 server (cleartext, prior knowledge) on the listeners that the caller passes to `serve()`. */
export class Http2Server implements AsyncDisposable {
  readonly #connections = new Map<Http2Connection, Promise<void>>();
  readonly #listeners = new Set<Deno.Listener>();
  readonly #onStream: Http2StreamHandler;
  readonly #onError: (error: unknown) => void;
  readonly #limits: Http2Limits;
  readonly #stopping = new AbortController();
  readonly #queued: SharedTotal = { bytes: 0 };
  readonly #requests: OpenRequests;
  #checkTimer: ReturnType<typeof setInterval> | undefined;

  /**
   * Creates a server; {@linkcode serve} starts it.
   *
   * @throws AppError `invalid_argument` for a limit that is out of range
   */
  constructor(options: Http2ServerOptions) {
    this.#onStream = options.onStream;
    this.#onError = options.onError ?? (() => {});
    this.#limits = resolveHttp2Limits(options.limits);
    this.#requests = new OpenRequests(this.#limits);
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /**
   * Serves the listener's connections until {@linkcode shutdown}, which closes the listener, or until the caller
   * closes it. A failed accept (for example, when no file descriptor is free) is reported and retried.
   */
  async serve(listener: Deno.Listener): Promise<void> {
    if (this.#stopping.signal.aborted) return listener.close();
    this.#listeners.add(listener);
    this.#checkTimer ??= setInterval(() => this.#check(), CHECK_MS);
    let failures = 0;
    while (this.#listeners.has(listener)) {
      try {
        this.#accept(await listener.accept());
        failures = 0;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        // The listener is closed: no later accept can succeed.
        if (isClosed(error)) this.#listeners.delete(listener);
        else await this.#backOff(error, ++failures);
      }
    }
  }

  /**
   * Stops accepting, announces the shutdown to each client (GOAWAY), and waits for the requests in progress.
   *
   * @param graceMs milliseconds until the remaining requests are aborted
   */
  async shutdown(graceMs: number): Promise<ShutdownEnd> {
    this.#stopping.abort();
    for (const listener of this.#listeners) listener.close();
    this.#listeners.clear();
    for (const connection of this.#connections.keys()) connection.shutdown();
    const end = await this.#drain(graceMs);
    for (const connection of this.#connections.keys()) connection.close();
    await Promise.all(this.#connections.values());
    clearInterval(this.#checkTimer);
    return end;
  }

  /** Aborts the requests in progress and closes all listeners and connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown(0);
  }

  #accept(conn: Deno.Conn): void {
    if (this.#connections.size >= this.#limits.maxConnections && !this.#replaceConnection()) {
      return conn.close();
    }
    const connection = new Http2Connection(conn, {
      onStream: this.#onStream,
      onError: this.#onError,
      limits: this.#limits,
      queued: this.#queued,
      requests: this.#requests,
    });
    const done = connection.run().finally(() => this.#connections.delete(connection));
    this.#connections.set(connection, done);
  }

  /**
   * Closes one connection for a new one. Returns false if a complete request is in progress on each of them.
   *
   * A client that has sent nothing yet loses nothing; an idle one connects again for its next call. A connection with
   * only incomplete requests is last, because it may be in use.
   */
  #replaceConnection(): boolean {
    const replaced =
      this.#oldest((connection) => connection.silent ? connection.incompleteSince : undefined) ??
        this.#oldest((connection) => connection.idleSince) ??
        this.#oldest((connection) => connection.incompleteSince);
    if (replaced === undefined) return false;
    // Delete the entry now, not when `run()` ends: the next accept checks the number of connections again.
    this.#connections.delete(replaced);
    replaced.close();
    return true;
  }

  /** Returns the connection with the earliest time; undefined if there is no connection with a time. */
  #oldest(timeOf: (connection: Http2Connection) => number | undefined): Http2Connection | undefined {
    let oldest: { readonly connection: Http2Connection; readonly time: number } | undefined;
    for (const connection of this.#connections.keys()) {
      const time = timeOf(connection);
      if (time !== undefined && (oldest === undefined || time < oldest.time)) oldest = { connection, time };
    }
    return oldest?.connection;
  }

  #check(): void {
    const now = performance.now();
    for (const connection of this.#connections.keys()) connection.check(now);
  }

  async #backOff(error: unknown, failures: number): Promise<void> {
    this.#onError(error);
    await sleep(backoffDelay(ACCEPT_BACKOFF, failures), this.#stopping.signal).catch(() => {});
  }

  async #drain(graceMs: number): Promise<ShutdownEnd> {
    const { promise: timeout, resolve } = Promise.withResolvers<ShutdownEnd>();
    const timer = setTimeout(() => resolve("aborted"), graceMs);
    const all = Promise.all(this.#connections.values()).then(() => "drained" as const);
    const end = await Promise.race([all, timeout]);
    clearTimeout(timer);
    return end;
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted;
}
