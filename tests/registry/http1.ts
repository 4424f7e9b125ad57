/**
 * A minimal HTTP/1.1 server over a plain connection (RFC 9112), so that a test can break any part of it.
 *
 * @module
 */
import { KIB } from "../../src/base/bytes.ts";

/** A request as received. */
export interface RawRequest {
  readonly method: string;
  /** The path with its query, as sent. */
  readonly target: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** The body of a form or document. */
const BODY_MAX_BYTES = 64 * KIB;
const HEAD_MAX_BYTES = 64 * KIB;

/** Reads requests from a connection, one after the other. */
export class RequestReader {
  readonly #conn: Deno.Conn;
  readonly #origin: string;
  #buffered = new Uint8Array(0);

  constructor(conn: Deno.Conn, origin: string) {
    this.#conn = conn;
    this.#origin = origin;
  }

  /** Reads the next request, or returns undefined when the client has closed the connection. */
  async next(): Promise<RawRequest | undefined> {
    let end = findHeadEnd(this.#buffered);
    while (end < 0) {
      if (this.#buffered.length > HEAD_MAX_BYTES || !await this.#more()) return undefined;
      end = findHeadEnd(this.#buffered);
    }
    const lines = new TextDecoder().decode(this.#buffered.subarray(0, end)).split("\r\n");
    this.#buffered = this.#buffered.subarray(end + 4);
    const [method = "", target = ""] = (lines[0] ?? "").split(" ");
    // A TLS ClientHello, or another protocol.
    if (!/^[A-Z]+$/.test(method)) return undefined;
    const headers = new Headers();
    for (const line of lines.slice(1)) {
      const colon = line.indexOf(":");
      headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
    }
    const body = await this.#take(Math.min(Number(headers.get("content-length") ?? 0), BODY_MAX_BYTES));
    return { method, target, url: new URL(target, this.#origin), headers, body };
  }

  /** Waits until the client closes its side. */
  async gone(): Promise<void> {
    while (await this.#more()) { /* what it still sends is of no interest */ }
  }

  async #take(length: number): Promise<Uint8Array> {
    while (this.#buffered.length < length && await this.#more()) { /* until there is enough */ }
    const bytes = this.#buffered.slice(0, length);
    this.#buffered = this.#buffered.subarray(length);
    return bytes;
  }

  async #more(): Promise<boolean> {
    const chunk = new Uint8Array(16 * KIB);
    const n = await this.#conn.read(chunk);
    if (n === null) return false;
    const joined = new Uint8Array(this.#buffered.length + n);
    joined.set(this.#buffered);
    joined.set(chunk.subarray(0, n), this.#buffered.length);
    this.#buffered = joined;
    return true;
  }
}

function findHeadEnd(bytes: Uint8Array): number {
  for (let i = 0; i + 3 < bytes.length; i++) {
    if (bytes[i] === 13 && bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10) return i;
  }
  return -1;
}

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  206: "Partial Content",
  307: "Temporary Redirect",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  416: "Range Not Satisfiable",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** Encodes a response's head. */
export function encodeHead(status: number, headers: Readonly<Record<string, string>>): Uint8Array {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return new TextEncoder().encode(`HTTP/1.1 ${status} ${REASONS[status] ?? "Status"}\r\n${lines}\r\n`);
}

/** Writes all bytes; one `write` may write only a part. */
export async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}
