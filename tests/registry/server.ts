/**
 * A server on loopback that sends {@linkcode TestResponse}s over plain connections, and closes everything on
 * dispose.
 *
 * @module
 */
import type { TestResponse } from "./response.ts";
import { encodeHead, type RawRequest, RequestReader, writeAll } from "./http1.ts";

/** A request, its connection, and the progress of its response. */
export interface Exchange {
  readonly request: RawRequest;
  /** The number of the connection, from 1. */
  readonly connection: number;
  /** Aborted when the server is closed. */
  readonly signal: AbortSignal;
  /** Is called with the sent status, and with each sent piece of the body. */
  readonly report: { status: number; sent: number };
}

/** Options of a server. */
export interface ServerOptions {
  /** @default {"127.0.0.1"} */
  readonly hostname?: string;
  /** @default a free port */
  readonly port?: number;
  /** A certificate and its key, in PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Called before a connection ends that should be reset, with the port of the client. */
  readonly onReset?: (port: number) => void;
}

/** Responds to a request. */
export type Handler = (exchange: Exchange) => Promise<TestResponse> | TestResponse;

/** A running server. */
export class TestServer implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #handler: Handler;
  readonly #onReset: (port: number) => void;
  readonly #ending = new AbortController();
  readonly #conns = new Set<Deno.Conn>();
  readonly #work = new Set<Promise<void>>();
  /** Host and port: the part before the first slash of a reference. */
  readonly host: string;
  /** `http://127.0.0.1:1234`, without a final slash. */
  readonly origin: string;
  /** The number of accepted connections. */
  connections = 0;

  /** Starts to listen. */
  constructor(handler: Handler, options: ServerOptions = {}) {
    const { hostname = "127.0.0.1", port = 0, tls, onReset = () => {} } = options;
    this.#handler = handler;
    this.#onReset = onReset;
    this.#listener = tls ? Deno.listenTls({ hostname, port, ...tls }) : Deno.listen({ hostname, port });
    this.host = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${
      (this.#listener.addr as Deno.NetAddr).port
    }`;
    this.origin = `${tls ? "https" : "http"}://${this.host}`;
    this.#track(this.#accept());
  }

  /** Closes all connections and waits for running work. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error("The test server ends"));
    this.#listener.close();
    this.closeConnections();
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  /** Closes all connections, as a crashing server would. */
  closeConnections(): void {
    for (const conn of this.#conns) conn.close();
    this.#conns.clear();
  }

  #track(work: Promise<void>): void {
    this.#work.add(work);
    work.finally(() => this.#work.delete(work));
  }

  async #accept(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      let conn: Deno.Conn;
      try {
        conn = await this.#listener.accept();
      } catch {
        // Either closed, or a client aborted a handshake. The loop's condition distinguishes them.
        continue;
      }
      this.#conns.add(conn);
      this.#track(this.#serve(conn, ++this.connections));
    }
  }

  async #serve(conn: Deno.Conn, connection: number): Promise<void> {
    try {
      if ("setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay(true);
      const reader = new RequestReader(conn, this.origin);
      for (let request = await reader.next(); request !== undefined; request = await reader.next()) {
        const report = { status: 0, sent: 0 };
        const response = await this.#handler({ request, connection, signal: this.#ending.signal, report });
        report.status = response.status;
        const close = request.headers.get("connection")?.toLowerCase() === "close";
        const then = await send(conn, response, request.method === "HEAD", close, report);
        if (then === "stall") await reader.gone();
        if (then === "reset") this.#onReset((conn.remoteAddr as Deno.NetAddr).port);
        if (then !== "keep" || close) break;
      }
    } catch {
      // The client has closed the connection, or the server is closing.
    } finally {
      if (this.#conns.delete(conn)) conn.close();
    }
  }
}

async function send(
  conn: Deno.Conn,
  response: TestResponse,
  headOnly: boolean,
  close: boolean,
  report: { sent: number },
): Promise<"keep" | "close" | "stall" | "reset"> {
  const { status, body, raw } = response;
  if (raw !== undefined) {
    await writeAll(conn, raw);
    return "close";
  }
  const headers: Record<string, string> = { date: new Date().toUTCString(), ...response.headers };
  const framing = body?.framing ?? "length";
  if (framing === "chunked") headers["transfer-encoding"] = "chunked";
  else if (framing === "length") headers["content-length"] ??= String(body?.size ?? 0);
  if (close || framing === "close" || body?.then === "close") headers.connection = "close";
  await writeAll(conn, encodeHead(status, headers));
  if (body === undefined || headOnly) return "keep";
  for await (const chunk of body.chunks) {
    if (chunk.length === 0) continue;
    if (framing === "chunked") {
      await writeAll(conn, new TextEncoder().encode(`${chunk.length.toString(16)}\r\n`));
    }
    await writeAll(conn, chunk);
    if (framing === "chunked") await writeAll(conn, CRLF);
    report.sent += chunk.length;
  }
  const then = body.then ?? (framing === "close" ? "close" : "keep");
  if (framing === "chunked" && then === "keep") await writeAll(conn, LAST_CHUNK);
  return then;
}

const CRLF = new TextEncoder().encode("\r\n");
const LAST_CHUNK = new TextEncoder().encode("0\r\n\r\n");
