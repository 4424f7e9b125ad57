/**
 * `/metrics` and `/progress` over plain HTTP, beside the service. Each connection carries one request.
 *
 * @module
 */
import { abortScope, sleep } from "../../base/abort.ts";
import { AppError } from "../../base/errors.ts";
import { readRequest } from "./http_request.ts";
import type { FeedLine, ProgressFeed } from "../pulls/progress_feed.ts";

/** What is shown. */
export interface ObserverSources {
  readonly feed: ProgressFeed;
  metrics(): string;
  /** Hears of accepts that fail. */
  onProblem(error: unknown): void;
}

/** Connections at once. Stops: holding them until there are no descriptors left. */
const MAX_CONNECTIONS = 64;
/** Until the head of a request must be here, in milliseconds. Stops: half requests. */
const HEAD_MS = 10_000;
/** Bytes that wait for a client that doesn't read; above it the client is cut off, and can ask anew. */
const MAX_QUEUED_BYTES = 1 << 20;
/** Proxies and clients take a silent connection for dead, in milliseconds. */
const HEARTBEAT_MS = 15_000;
/** After a failed accept: there may be no descriptor until another connection ends. */
const ACCEPT_WAIT_MS = 200;

const TEXT = "text/plain; charset=utf-8";
const METRICS = "text/plain; version=0.0.4; charset=utf-8";

/** Serves the two pages on the listeners that it is given. */
export class Observer {
  readonly #sources: ObserverSources;
  readonly #stopping = new AbortController();
  readonly #open = new Map<Deno.Conn, Promise<void>>();
  readonly #listeners = new Set<Deno.Listener>();

  constructor(sources: ObserverSources) {
    this.#sources = sources;
  }

  /** Serves a listener until {@linkcode close}. */
  async serve(listener: Deno.Listener): Promise<void> {
    const { signal } = this.#stopping;
    this.#listeners.add(listener);
    while (!signal.aborted) {
      try {
        this.#begin(await listener.accept());
      } catch (error) {
        if (signal.aborted || error instanceof Deno.errors.BadResource) return;
        this.#sources.onProblem(error);
        await sleep(ACCEPT_WAIT_MS, signal).catch(() => {});
      }
    }
  }

  /** Ends all connections and listeners. */
  async close(): Promise<void> {
    this.#stopping.abort(new AppError("cancelled", "The server is closing"));
    for (const listener of this.#listeners) closeQuietly(listener);
    const answers = [...this.#open.values()];
    for (const conn of this.#open.keys()) closeQuietly(conn);
    await Promise.all(answers);
  }

  #begin(conn: Deno.Conn): void {
    if (this.#open.size >= MAX_CONNECTIONS) return conn.close();
    const answering = this.#answer(conn).catch(() => {}).finally(() => {
      this.#open.delete(conn);
      closeQuietly(conn);
    });
    this.#open.set(conn, answering);
  }

  async #answer(conn: Deno.Conn): Promise<void> {
    const request = await this.#request(conn);
    if (request === undefined) {
      return await writeText(conn, answerText("400 Bad Request", TEXT, "Bad request\n"));
    }
    const { method, path } = request;
    if (method !== "GET" && method !== "HEAD") {
      return await writeText(conn, answerText("405 Method Not Allowed", TEXT, "Only GET and HEAD\n"));
    }
    if (path === "/progress" && method === "GET") return await this.#stream(conn);
    const answer = path === "/metrics"
      ? answerText("200 OK", METRICS, this.#sources.metrics())
      : path === "/progress"
      ? STREAM_HEAD
      : answerText("404 Not Found", TEXT, "There are /metrics and /progress\n");
    await writeText(conn, method === "HEAD" ? answer.slice(0, answer.indexOf("\r\n\r\n") + 4) : answer);
  }

  async #request(conn: Deno.Conn) {
    using scope = abortScope(this.#stopping.signal);
    const timer = setTimeout(
      () => scope.abort(new AppError("deadline_exceeded", "No request came")),
      HEAD_MS,
    );
    try {
      return await readRequest(conn, scope.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Server-sent events (HTML standard, 9.2), until either side leaves. */
  async #stream(conn: Deno.Conn): Promise<void> {
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
    // Who only wants to know how things stand can leave here.
    push(`event: current\ndata: {"v":1,"pulls":${this.#sources.feed.running}}\n\n`);
    const heartbeat = setInterval(() => push(": alive\n\n"), HEARTBEAT_MS);
    // A client that sends anything more, or leaves, ends it; so does the signal.
    const leaving = conn.read(new Uint8Array(1)).catch(() => null).then(() => scope.abort(undefined));
    scope.signal.addEventListener("abort", () => {
      wake.resolve();
      closeQuietly(conn);
    }, { once: true });
    try {
      while (!scope.signal.aborted) {
        const text = queue.splice(0).join("");
        queued = 0;
        if (text !== "") await writeText(conn, text);
        if (queue.length === 0) await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    } finally {
      stop();
      clearInterval(heartbeat);
      closeQuietly(conn);
      await leaving;
    }
  }
}

const STREAM_HEAD =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\nconnection: close\r\n\r\n";

function answerText(status: string, type: string, body: string): string {
  const length = new TextEncoder().encode(body).length;
  return `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${body}`;
}

function eventText(line: FeedLine): string {
  return `event: progress\ndata: ${JSON.stringify(line)}\n\n`;
}

async function writeText(conn: Deno.Conn, text: string): Promise<void> {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(await conn.write(bytes));
}

function closeQuietly(resource: Deno.Conn | Deno.Listener): void {
  try {
    resource.close();
  } catch {
    // It is closed already.
  }
}
