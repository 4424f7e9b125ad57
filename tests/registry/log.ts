/**
 * The requests to the test registry, for assertions.
 *
 * @module
 */
import type { Exchange } from "./server.ts";

/** One request. */
export interface LogEntry {
  /** The server of the request. */
  readonly server: "registry" | "token";
  /** Scheme, host and port of that server. */
  readonly origin: string;
  readonly method: string;
  /** The path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The form that was posted to the token server. */
  readonly form: URLSearchParams;
  /** The header `range`, or "". */
  readonly range: string;
  /** The scheme of the header `authorization`, or "none". */
  readonly authorization: "none" | "Basic" | "Bearer" | "other";
  readonly headers: Headers;
  /** The number of the connection to that server, from 1. */
  readonly connection: number;
  /** 0 until the response begins. */
  readonly status: number;
  /** Bytes of the body that have been sent. */
  readonly sent: number;
}

/** The requests of a registry and its token server, oldest first. */
export class RequestLog {
  readonly #entries: LogEntry[] = [];
  readonly #waiting = new Set<() => void>();

  /** All requests. */
  get all(): readonly LogEntry[] {
    return this.#entries;
  }

  /** Returns requests whose path contains `part`, with one of the methods if any are given. */
  of(part: string | RegExp, ...methods: readonly string[]): readonly LogEntry[] {
    return this.#entries.filter((entry) => {
      const hit = typeof part === "string" ? entry.path.includes(part) : part.test(entry.path);
      return hit && (methods.length === 0 || methods.includes(entry.method));
    });
  }

  /** Requests to the token server. */
  get tokens(): readonly LogEntry[] {
    return this.#entries.filter((entry) => entry.server === "token");
  }

  /** Method and path of each request, such as `GET /v2/a/manifests/b`, to assert the order. */
  get lines(): readonly string[] {
    return this.#entries.map((entry) => `${entry.method} ${entry.path}`);
  }

  /** Deletes all entries. */
  clear(): void {
    this.#entries.length = 0;
  }

  /** Waits for a matching request, and returns it. */
  async until(fits: (entry: LogEntry) => boolean): Promise<LogEntry> {
    for (;;) {
      const found = this.#entries.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Adds a request. */
  add(server: LogEntry["server"], exchange: Exchange): LogEntry {
    const { request, connection, report } = exchange;
    const scheme = request.headers.get("authorization")?.split(" ", 1)[0]?.toLowerCase();
    const entry: LogEntry = {
      server,
      origin: request.url.origin,
      method: request.method,
      path: request.url.pathname,
      query: request.url.searchParams,
      form: new URLSearchParams(new TextDecoder().decode(request.body)),
      range: request.headers.get("range") ?? "",
      authorization: scheme === undefined
        ? "none"
        : scheme === "basic"
        ? "Basic"
        : scheme === "bearer"
        ? "Bearer"
        : "other",
      headers: request.headers,
      connection,
      get status() {
        return report.status;
      },
      get sent() {
        return report.sent;
      },
    };
    this.#entries.push(entry);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    return entry;
  }
}
