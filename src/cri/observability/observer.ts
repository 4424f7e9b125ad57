/**
 * Serves `/metrics` and `/progress` over plain HTTP. Each connection has one request.
 *
 * @module
 */
import { abortScope, sleep } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import { readRequest } from "./http_request.ts";
import { refusalOf } from "./request_origin.ts";
import type { FeedLine, ProgressFeed } from "../pulls/progress_feed.ts";

/** The contents of the two pages. */
export interface ObserverSources {
  readonly feed: ProgressFeed;
  metrics(): string;
  /** Called for failed accepts. */
  onProblem(error: unknown): void;
}

/**
 * Open connections. An additional one replaces the oldest one that isn't a stream of progress. Stops: opening connections
 * until the process has no file descriptor left, or until `/metrics` can't be requested.
 */
const MAX_CONNECTIONS = 64;
/** Streams of progress. The other connections are reserved for `/metrics`. Stops: many streams that never end. */
const MAX_STREAMS = 32;
/** Milliseconds until a client must read. Stops: clients that keep a connection and its queue without reading. */
const WRITE_STALL_MS = 30_000;
/** Milliseconds until the head of a request must be complete. Stops: incomplete requests. */
const HEAD_MS = 10_000;
/** Queued bytes per client; above the limit, the connection is closed, and the client can connect again. */
const MAX_QUEUED_BYTES = 1 << 20;
/** Time between heartbeats, in milliseconds: proxies and clients close idle connections. */
const HEARTBEAT_MS = 15_000;
/** Wait after a failed accept, in milliseconds: a file descriptor may be freed only when a connection ends. */
const ACCEPT_WAIT_MS = 200;

/** Limits of {@linkcode Observer} that tests change. */
export interface ObserverLimits {
  /** @default {64} */
  readonly connections: number;
  /** @default {32} */
  readonly streams: number;
  /** @default {30_000} */
  readonly writeStallMs: number;
}

const DEFAULT_OBSERVER_LIMITS: ObserverLimits = {
  connections: MAX_CONNECTIONS,
  streams: MAX_STREAMS,
  writeStallMs: WRITE_STALL_MS,
};

const TEXT = "text/plain; charset=utf-8";
const METRICS = "text/plain; version=0.0.4; charset=utf-8";

/** Serves the two pages on the listeners that the caller passes to `serve()`. */
export class Observer implements AsyncDisposable {
  readonly #sources: ObserverSources;
  readonly #stopping = new AbortController();
  readonly #open = new Map<Deno.Conn, Promise<void>>();
  readonly #listeners = new Set<Deno.Listener>();
  readonly #streams = new Set<Deno.Conn>();
  readonly #limits: ObserverLimits;

  constructor(sources: ObserverSources, limits: Partial<ObserverLimits> = {}) {
    this.#sources = sources;
    this.#limits = { ...DEFAULT_OBSERVER_LIMITS, ...limits };
  }

  /**
   * Serves a listener until {@linkcode close}.
   *
   * @param listenName the host name of a TCP listener, as the operator has configured it
   */
  async serve(listener: Deno.Listener, listenName = ""): Promise<void> {
    const { signal } = this.#stopping;
    this.#listeners.add(listener);
    while (!signal.aborted) {
      try {
        this.#begin(await listener.accept(), listener.addr.transport === "tcp" ? listenName : undefined);
      } catch (error) {
        if (signal.aborted || error instanceof Deno.errors.BadResource) return;
        this.#sources.onProblem(error);
        await sleep(ACCEPT_WAIT_MS, signal).catch(() => {});
      }
    }
  }

  /** Closes all connections and listeners. */
  async close(): Promise<void> {
    this.#stopping.abort(new AppError("cancelled", "The server is shutting down"));
    for (const listener of this.#listeners) closeQuietly(listener);
    const responses = [...this.#open.values()];
    for (const conn of this.#open.keys()) closeQuietly(conn);
    await Promise.all(responses);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #begin(conn: Deno.Conn, listenName: string | undefined): void {
    if (this.#open.size >= this.#limits.connections) this.#closeOldest();
    const responding = this.#respond(conn, listenName).catch(() => {}).finally(() => {
      this.#open.delete(conn);
      this.#streams.delete(conn);
      closeQuietly(conn);
    });
    this.#open.set(conn, responding);
  }

  /** Closes the oldest connection that isn't a stream: an honest client's request and response take milliseconds. */
  #closeOldest(): void {
    for (const conn of this.#open.keys()) {
      if (this.#streams.has(conn)) continue;
      closeQuietly(conn);
      this.#open.delete(conn);
      return;
    }
  }

  async #respond(conn: Deno.Conn, listenName: string | undefined): Promise<void> {
    const request = await this.#request(conn);
    if (request === undefined) {
      return await this.#write(conn, responseText("400 Bad Request", TEXT, "Bad request\n"));
    }
    const refusal = refusalOf(request, listenName);
    if (refusal !== undefined) {
      return await this.#write(conn, responseText("403 Forbidden", TEXT, `Forbidden: ${refusal}\n`));
    }
    const { method, path } = request;
    if (method !== "GET" && method !== "HEAD") {
      return await this.#write(conn, responseText("405 Method Not Allowed", TEXT, "Use GET or HEAD\n"));
    }
    if (path === "/progress" && method === "GET") {
      if (this.#streams.size < this.#limits.streams) return await this.#stream(conn);
      return await this.#write(
        conn,
        responseText("503 Service Unavailable", TEXT, "Too many streams; retry later\n"),
      );
    }
    const response = path === "/metrics"
      ? responseText("200 OK", METRICS, this.#sources.metrics())
      : path === "/progress"
      ? STREAM_HEAD
      : responseText("404 Not Found", TEXT, "Use /metrics or /progress\n");
    await this.#write(
      conn,
      method === "HEAD" ? response.slice(0, response.indexOf("\r\n\r\n") + 4) : response,
    );
  }

  async #request(conn: Deno.Conn) {
    using scope = abortScope(this.#stopping.signal);
    const timer = setTimeout(
      () => scope.abort(new AppError("deadline_exceeded", "The client sent no request")),
      HEAD_MS,
    );
    try {
      return await readRequest(conn, scope.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Writes text. Closes the connection if the client doesn't read. */
  async #write(conn: Deno.Conn, text: string): Promise<void> {
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) {
      const timer = setTimeout(() => closeQuietly(conn), this.#limits.writeStallMs);
      try {
        bytes = bytes.subarray(await conn.write(bytes));
      } finally {
        clearTimeout(timer);
      }
    }
  }

  /** Sends server-sent events (HTML standard, section 9.2) until either side closes the connection. */
  async #stream(conn: Deno.Conn): Promise<void> {
    this.#streams.add(conn);
    const queue: string[] = [STREAM_HEAD];
    let queued = 0;
    let wake = Promise.withResolvers<void>();
    using scope = abortScope(this.#stopping.signal);
    const push = (text: string) => {
      queued += text.length;
      queue.push(text);
      if (queued > MAX_QUEUED_BYTES) scope.abort(new AppError("limit_exceeded", "The client doesn't read"));
      wake.resolve();
    };
    const stop = this.#sources.feed.listen((line) => push(eventText(line)));
    // A client that needs only the current state can disconnect after this event.
    push(`event: current\ndata: {"v":1,"pulls":${this.#sources.feed.running}}\n\n`);
    const heartbeat = setInterval(() => push(": alive\n\n"), HEARTBEAT_MS);
    // The stream ends if the client disconnects or sends anything else, or if the server shuts down.
    const disconnected = conn.read(new Uint8Array(1)).catch(() => null).then(() => scope.abort(undefined));
    scope.signal.addEventListener("abort", () => {
      wake.resolve();
      closeQuietly(conn);
    }, { once: true });
    try {
      while (!scope.signal.aborted) {
        const text = queue.splice(0).join("");
        queued = 0;
        if (text !== "") await this.#write(conn, text);
        if (queue.length === 0) await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    } finally {
      stop();
      clearInterval(heartbeat);
      closeQuietly(conn);
      await disconnected;
    }
  }
}

const STREAM_HEAD =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\nconnection: close\r\n\r\n";

function responseText(status: string, type: string, body: string): string {
  const length = new TextEncoder().encode(body).length;
  return `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${body}`;
}

function eventText(line: FeedLine): string {
  return `event: progress\ndata: ${JSON.stringify(line)}\n\n`;
}

function closeQuietly(resource: Deno.Conn | Deno.Listener): void {
  try {
    resource.close();
  } catch {
    // The resource is already closed.
  }
}
