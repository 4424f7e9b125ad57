/**
 * What the test registry was asked: for assertions.
 *
 * @module
 */
import type { Exchange } from "./server.ts";

/** One request. */
export interface LogEntry {
  /** `registry` or `token`: which of the servers was asked. */
  readonly server: "registry" | "token";
  /** Scheme, host and port of that server. */
  readonly origin: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The form that was posted, to the token server. */
  readonly form: URLSearchParams;
  /** The header `range`, or "". */
  readonly range: string;
  /** The scheme of the header `authorization`, or "none". */
  readonly authorization: "none" | "Basic" | "Bearer" | "other";
  readonly headers: Headers;
  /** Counts the connections of that server from 1. */
  readonly connection: number;
  /** 0 until the answer begins. */
  readonly status: number;
  /** Bytes of the body that were sent so far. */
  readonly sent: number;
}

/** The requests of a registry and its token server, oldest first. */
export class RequestLog {
  readonly #entries: LogEntry[] = [];
  readonly #waiting = new Set<() => void>();

  /** All of them. */
  get all(): readonly LogEntry[] {
    return this.#entries;
  }

  /** Those whose path holds `part`, with one of the methods if any are given. */
  of(part: string | RegExp, ...methods: readonly string[]): readonly LogEntry[] {
    return this.#entries.filter((entry) => {
      const hit = typeof part === "string" ? entry.path.includes(part) : part.test(entry.path);
      return hit && (methods.length === 0 || methods.includes(entry.method));
    });
  }

  /** Those that asked the token server. */
  get tokens(): readonly LogEntry[] {
    return this.#entries.filter((entry) => entry.server === "token");
  }

  /** `GET /v2/a/manifests/b` and so on, for one look at an order. */
  get lines(): readonly string[] {
    return this.#entries.map((entry) => `${entry.method} ${entry.path}`);
  }

  /** Forgets all of it. */
  clear(): void {
    this.#entries.length = 0;
  }

  /** Waits until a request came that fits. */
  async until(fits: (entry: LogEntry) => boolean): Promise<LogEntry> {
    for (;;) {
      const found = this.#entries.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Writes a request down. */
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
