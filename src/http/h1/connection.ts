/**
 * One TCP or TLS connection to one server, with the bytes that were read ahead.
 *
 * @module
 */
import { abortable, abortScope } from "../../base/concurrency/abort.ts";
import { KIB } from "../../base/bytes.ts";
import { after } from "../../base/concurrency/timer.ts";
import { CONNECTION_BUFFER_BYTES, REQUEST_BUFFER_BYTES } from "../../base/tuning.ts";
import { parseIp } from "../network/addresses.ts";
import { BufferedReader } from "./buffered_reader.ts";
import type { OnBytes } from "../message/http_message.ts";
import { latin1, latin1Bytes } from "../message/latin1.ts";

/** Servers send heads of some hundred bytes, or a few thousand with cookies; a longer one is an attack or a mistake. */
export const HEAD_MAX_BYTES = 64 * KIB;

/** The first bytes of an alert record of SSL 3.0 and TLS (RFC 8446, section 5.1). */
const TLS_ALERT = "\x15\x03";

/** The server of a connection. */
export interface ConnectionTarget {
  readonly url: URL;
  /** PEM certificates of CAs to trust in addition to the runtime's. */
  readonly caCerts: readonly string[];
}

/** A TCP or TLS connection. Close it. */
export class Http1Connection {
  readonly #conn: Deno.Conn;
  readonly #reader: BufferedReader;
  #buffer = new Uint8Array(CONNECTION_BUFFER_BYTES);
  readonly #written = new Uint8Array(REQUEST_BUFFER_BYTES);
  /** Bytes from `#start` to `#end` of the buffer were read from the connection and not yet returned. */
  #start = 0;
  #end = 0;
  #isClosed = false;
  /** Number of responses that were read to their end. */
  uses = 0;
  /** Time to open the TCP connection, in milliseconds: about one round trip. */
  readonly roundTrip: number;

  private constructor(conn: Deno.Conn, roundTrip: number) {
    this.#conn = conn;
    this.#reader = new BufferedReader(conn);
    this.roundTrip = roundTrip;
  }

  /** Opens a connection. @throws the runtime's error, or the signal's reason */
  static async open({ url, caCerts }: ConnectionTarget, signal: AbortSignal): Promise<Http1Connection> {
    const isTls = url.protocol === "https:";
    const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const port = Number(url.port || (isTls ? 443 : 80));
    const begin = performance.now();
    const tcp = await connectTcp(hostname, port, signal);
    const roundTrip = performance.now() - begin;
    let conn: Deno.Conn = tcp;
    const close = () => closeQuietly(conn);
    signal.addEventListener("abort", close, { once: true });
    try {
      signal.throwIfAborted();
      // Not `connectTls`: it leaves Nagle's algorithm on, which adds two stalls of 43 ms to each handshake.
      tcp.setNoDelay(true);
      if (isTls) {
        const tls = await Deno.startTls(tcp, {
          hostname,
          caCerts: [...caCerts],
          alpnProtocols: ["http/1.1"],
        });
        conn = tls;
        signal.throwIfAborted();
        await tls.handshake();
      }
      signal.throwIfAborted();
      return new Http1Connection(conn, roundTrip);
    } catch (error) {
      close();
      throw error;
    } finally {
      signal.removeEventListener("abort", close);
    }
  }

  /** Whether bytes were received that belong to no response yet. */
  get hasUnread(): boolean {
    return this.#end > this.#start;
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends Latin-1 text. The caller must await each write before the next. */
  async write(text: string): Promise<void> {
    // The buffer can be shared because writes never overlap.
    const bytes = latin1Bytes(text, this.#written);
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(at === 0 ? bytes : bytes.subarray(at));
  }

  /** Reads up to `buffer.length` bytes, null at the end. Returns bytes that were read ahead first. */
  read(buffer: Uint8Array, onBytes?: OnBytes): Promise<number | null> {
    const buffered = this.#end - this.#start;
    if (buffered === 0) return this.#reader.read(buffer, onBytes);
    const n = Math.min(buffered, buffer.length);
    buffer.set(this.#buffer.subarray(this.#start, this.#start + n));
    this.#start += n;
    return Promise.resolve(n);
  }

  /**
   * Reads up to and including the next CRLF, or the empty line that ends a head, and returns the Latin-1 text before it;
   * undefined if the connection ended first. Lines of a head may end with LF only.
   *
   * @param limit stops reading once this number of bytes is buffered without an end
   * @throws Error at the limit, or if the connection ends after some bytes
   */
  async readUntil(end: "line" | "head", limit: number): Promise<string | undefined> {
    const findEnd = end === "line" ? findLineEnd : findHeadEnd;
    for (let searched = 0;;) {
      const found = findEnd(this.#buffer.subarray(this.#start, this.#end), searched);
      if (found !== undefined) {
        const text = latin1(this.#buffer.subarray(this.#start, this.#start + found.at));
        this.#start += found.next;
        return text;
      }
      const buffered = this.#end - this.#start;
      if (buffered >= limit) throw new Error("invalid HTTP header parsed: too long");
      // An end has at most four bytes, and the last of them is missing.
      searched = Math.max(0, buffered - 3);
      this.#ensureFreeSpace();
      const n = await this.#conn.read(this.#buffer.subarray(this.#end));
      if (n === null) {
        if (buffered === 0) return undefined;
        const start = latin1(this.#buffer.subarray(this.#start, this.#start + 5));
        // A TLS server responds to plain HTTP with a TLS alert of seven bytes and closes the connection.
        if (start.startsWith(TLS_ALERT)) throw new Error("TLS alert in response to HTTP");
        const isHttp = end === "line" || start === "HTTP/";
        throw new Error(
          isHttp ? "connection closed before message completed" : "invalid HTTP version parsed",
        );
      }
      this.#end += n;
    }
  }

  /** Closes the connection; a second call does nothing. Pending reads fail. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeQuietly(this.#conn);
  }

  #ensureFreeSpace(): void {
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    } else if (this.#end === this.#buffer.length) {
      const unread = this.#buffer.subarray(this.#start, this.#end);
      const next = this.#start > 0 ? this.#buffer : new Uint8Array(this.#buffer.length * 2);
      next.set(unread);
      this.#buffer = next;
      this.#end = unread.length;
      this.#start = 0;
    }
  }
}

const LF = 0x0a;
const CR = 0x0d;

/** The position of an end, and that of the first byte after it. */
interface End {
  readonly at: number;
  readonly next: number;
}

function findLineEnd(bytes: Uint8Array, from: number): End | undefined {
  for (let lf = bytes.indexOf(LF, from); lf !== -1; lf = bytes.indexOf(LF, lf + 1)) {
    if (bytes[lf - 1] === CR) return { at: lf - 1, next: lf + 1 };
  }
  return undefined;
}

function findHeadEnd(bytes: Uint8Array, from: number): End | undefined {
  for (let lf = bytes.indexOf(LF, from); lf !== -1; lf = bytes.indexOf(LF, lf + 1)) {
    const second = bytes[lf + 1] === CR ? lf + 2 : lf + 1;
    if (bytes[second] === LF) return { at: bytes[lf - 1] === CR ? lf - 1 : lf, next: second + 1 };
  }
  return undefined;
}

/**
 * Deno 2.6 leaks its abort listener if a DNS lookup fails. For a host name, therefore, the signal isn't passed on and an
 * abort abandons the connection attempt.
 */
async function connectTcp(hostname: string, port: number, signal: AbortSignal): Promise<Deno.TcpConn> {
  if (parseIp(hostname) !== undefined) return await Deno.connect({ hostname, port, signal });
  const connecting = Deno.connect({ hostname, port });
  try {
    return await abortable(connecting, signal);
  } catch (error) {
    connecting.then(closeQuietly, () => {});
    throw error;
  }
}

/** Opens a connection within `ms` milliseconds. @throws the runtime's error, or the signal's reason */
export async function openWithin(
  target: ConnectionTarget,
  ms: number,
  signal: AbortSignal,
): Promise<Http1Connection> {
  using scope = abortScope(signal);
  const opening = Http1Connection.open(target, scope.signal);
  const disarm = after(ms, () => scope.abort(new Error("timed out")));
  try {
    return await opening;
  } finally {
    disarm();
  }
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // A failed handshake or an abort has already closed it.
  }
}
