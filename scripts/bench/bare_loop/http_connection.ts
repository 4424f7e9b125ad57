/**
 * The part of HTTP/1.1 that a registry's successful responses need: `content-length`, then the body.
 *
 * @module
 */

const HEAD_MAX_BYTES = 32 * 1024;
const HEAD_END = "\r\n\r\n";

/** A registry. */
export interface Host {
  /** `127.0.0.1:5000` */
  readonly name: string;
  /** CA certificates in PEM; empty for plain HTTP. */
  readonly caCerts: readonly string[];
}

/** One connection with one request at a time. It stays open until the process ends. */
export class HttpConnection {
  readonly #conn: Deno.Conn;
  readonly #host: string;
  readonly #head = new Uint8Array(HEAD_MAX_BYTES);
  /** Body bytes that were read with the head are between these offsets. */
  #start = 0;
  #end = 0;

  private constructor(conn: Deno.Conn, host: string) {
    this.#conn = conn;
    this.#host = host;
  }

  /** Connects, with TLS if the host has CA certificates. */
  static async open({ name, caCerts }: Host): Promise<HttpConnection> {
    const [hostname = "", port] = name.split(":");
    const tcp = await Deno.connect({ hostname, port: Number(port) });
    tcp.setNoDelay(true);
    if (caCerts.length === 0) return new HttpConnection(tcp, name);
    const tls = await Deno.startTls(tcp, { hostname, caCerts: [...caCerts], alpnProtocols: ["http/1.1"] });
    return new HttpConnection(tls, name);
  }

  /**
   * Sends a request and reads the head of the response.
   *
   * @returns the length of the body, which the caller must read with `fill` before the next request
   * @throws Error unless the response is a 200 with a content-length
   */
  async get(path: string, accept = "*/*"): Promise<number> {
    const request = `GET ${path} HTTP/1.1\r\nhost: ${this.#host}\r\naccept: ${accept}\r\n\r\n`;
    await this.#conn.write(new TextEncoder().encode(request));
    this.#start = this.#end = 0;
    for (;;) {
      const n = await this.#conn.read(this.#head.subarray(this.#end));
      if (n === null || n === 0) throw new Error(`${path}: the response head is truncated or too long`);
      this.#end += n;
      const text = new TextDecoder("latin1").decode(this.#head.subarray(0, this.#end));
      const end = text.indexOf(HEAD_END);
      if (end < 0) continue;
      this.#start = end + HEAD_END.length;
      const length = /^HTTP\/1\.1 200 [^]*\r\ncontent-length: *([0-9]+)\r\n/i.exec(text.slice(0, end + 2))
        ?.[1];
      if (length === undefined) throw new Error(`${path}: ${text.slice(0, end)}`);
      return Number(length);
    }
  }

  /** Fills the buffer with the next bytes of the body. @throws Error if the body ends before */
  async fill(buffer: Uint8Array): Promise<void> {
    const buffered = this.#head.subarray(this.#start, Math.min(this.#end, this.#start + buffer.length));
    buffer.set(buffered);
    this.#start += buffered.length;
    for (let length = buffered.length; length < buffer.length;) {
      const n = await this.#conn.read(buffer.subarray(length));
      if (n === null) throw new Error("the response body is truncated");
      length += n;
    }
  }
}
