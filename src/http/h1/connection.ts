/**
 * One connection to one server, with what was read of it too far.
 *
 * @module
 */
import { abortable, abortScope } from "../../base/abort.ts";
import { KIB } from "../../base/bytes.ts";
import { after } from "../../base/timer.ts";
import { parseIp } from "../network/addresses.ts";
import { BufferedReader } from "./coalesced_read.ts";
import type { OnBytes } from "../message/http_message.ts";
import { latin1, latin1Bytes } from "../message/latin1.ts";

/** What is read along with a head: of small bodies all, or several; longer ones go straight into the caller's buffer. */
const BUFFER_BYTES = 32 * KIB;
/** Some requests; more of them are written out of memory of their own. */
const WRITE_BYTES = 2 * KIB;
/** Servers send heads of some hundred bytes, with cookies a few thousand; a longer one is an attack or a mistake. */
export const HEAD_MAX_BYTES = 64 * KIB;

/** What ends a head. */
export const HEAD_END = "\r\n\r\n";

/** Where a connection goes. */
export interface ConnectionTarget {
  readonly url: URL;
  /** PEM certificates of authorities to trust beside the runtime's. */
  readonly caCerts: readonly string[];
}

/** A TCP or TLS connection. Close it. */
export class Http1Connection {
  readonly #conn: Deno.Conn;
  readonly #gatherer: BufferedReader;
  #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #written = new Uint8Array(WRITE_BYTES);
  /** Between these lie the bytes that were read and not yet given. */
  #start = 0;
  #end = 0;
  #isClosed = false;
  /** Responses that were read to their end. */
  uses = 0;
  /** What opening the TCP connection took, in milliseconds: about one round trip. */
  readonly roundTrip: number;

  private constructor(conn: Deno.Conn, roundTrip: number) {
    this.#conn = conn;
    this.#gatherer = new BufferedReader(conn);
    this.roundTrip = roundTrip;
  }

  /** Opens a connection. @throws what the runtime throws, or the signal's reason */
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
      // Before TLS begins: `connectTls` leaves Nagle's algorithm on, which costs two stalls of 43 ms a handshake.
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

  /** Whether bytes are here that no response has claimed. */
  get hasUnread(): boolean {
    return this.#end > this.#start;
  }

  /** Whether it is of no use any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends text of one character a byte. */
  async write(text: string): Promise<void> {
    // Nothing else is written meanwhile: whoever writes waits for what it wrote before.
    const bytes = latin1Bytes(text, this.#written);
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(at === 0 ? bytes : bytes.subarray(at));
  }

  /** Reads up to `buffer.length` bytes, null at the end. What lies here already comes first. */
  read(buffer: Uint8Array, onBytes?: OnBytes): Promise<number | null> {
    const here = this.#end - this.#start;
    if (here === 0) return this.#gatherer.read(buffer, onBytes);
    const n = Math.min(here, buffer.length);
    buffer.set(this.#buffer.subarray(this.#start, this.#start + n));
    this.#start += n;
    return Promise.resolve(n);
  }

  /**
   * Reads up to and with the next `mark`, and gives what is before it, one character a byte; undefined at the end.
   *
   * @throws Error if `limit` bytes hold no mark, or if the connection ends in the middle
   */
  async readUntil(mark: string, limit: number): Promise<string | undefined> {
    for (let seen = 0;;) {
      const at = this.#find(mark, seen);
      if (at !== -1) {
        const text = latin1(this.#buffer.subarray(this.#start, at));
        this.#start = at + mark.length;
        return text;
      }
      const have = this.#end - this.#start;
      if (have >= limit) throw new Error("invalid HTTP header parsed: it is too long");
      seen = Math.max(0, have - mark.length + 1);
      this.#makeRoom();
      const n = await this.#conn.read(this.#buffer.subarray(this.#end));
      if (n === null) {
        if (have === 0) return undefined;
        // A TLS server answers plain http with seven bytes of its own and hangs up.
        const isHttp = mark !== HEAD_END ||
          latin1(this.#buffer.subarray(this.#start, this.#start + 5)) === "HTTP/";
        throw new Error(
          isHttp ? "connection closed before message completed" : "invalid HTTP version parsed",
        );
      }
      this.#end += n;
    }
  }

  /** Closes it; a second call does nothing. A read under way fails. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeQuietly(this.#conn);
  }

  #find(mark: string, from: number): number {
    const first = mark.charCodeAt(0);
    for (let at = this.#start + from; at <= this.#end - mark.length; at++) {
      at = this.#buffer.indexOf(first, at);
      if (at === -1 || at > this.#end - mark.length) return -1;
      let i = 1;
      while (i < mark.length && this.#buffer[at + i] === mark.charCodeAt(i)) i++;
      if (i === mark.length) return at;
    }
    return -1;
  }

  #makeRoom(): void {
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    } else if (this.#end === this.#buffer.length) {
      const kept = this.#buffer.subarray(this.#start, this.#end);
      const next = this.#start > 0 ? this.#buffer : new Uint8Array(this.#buffer.length * 2);
      next.set(kept);
      this.#buffer = next;
      this.#end = kept.length;
      this.#start = 0;
    }
  }
}

/** Deno 2.6 leaks what it listens to a signal with where a name has no address: so a name's connection is abandoned. */
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

/** Opens a connection that must be there within so many milliseconds. */
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
    // The handshake that failed has closed it, or an abort has.
  }
}
