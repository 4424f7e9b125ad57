/**
 * As much of HTTP/1.1 as a registry's plain answers need: a length, then the body.
 *
 * @module
 */

const HEAD_BYTES = 32 * 1024;
const HEAD_END = "\r\n\r\n";

/** A registry. */
export interface Host {
  /** `127.0.0.1:5000` */
  readonly name: string;
  /** PEM; none for plain http. */
  readonly caCerts: readonly string[];
}

/** One connection, asked one thing after the other. */
export class Wire {
  readonly #conn: Deno.Conn;
  readonly #host: string;
  readonly #head = new Uint8Array(HEAD_BYTES);
  /** What came along with a head lies between these. */
  #start = 0;
  #end = 0;

  private constructor(conn: Deno.Conn, host: string) {
    this.#conn = conn;
    this.#host = host;
  }

  /** Connects. */
  static async open({ name, caCerts }: Host): Promise<Wire> {
    const [hostname = "", port] = name.split(":");
    const tcp = await Deno.connect({ hostname, port: Number(port) });
    tcp.setNoDelay(true);
    if (caCerts.length === 0) return new Wire(tcp, name);
    const tls = await Deno.startTls(tcp, { hostname, caCerts: [...caCerts], alpnProtocols: ["http/1.1"] });
    return new Wire(tls, name);
  }

  /** Asks, and gives the length of the body that follows. @throws Error for whatever is no 200 with a length */
  async get(path: string, accept = "*/*"): Promise<number> {
    const request = `GET ${path} HTTP/1.1\r\nhost: ${this.#host}\r\naccept: ${accept}\r\n\r\n`;
    await this.#conn.write(new TextEncoder().encode(request));
    this.#start = this.#end = 0;
    for (;;) {
      const n = await this.#conn.read(this.#head.subarray(this.#end));
      if (n === null || n === 0) throw new Error(`${path}: the head of the answer has no end`);
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

  /** Fills the buffer with what comes next of the body. */
  async fill(buffer: Uint8Array): Promise<void> {
    const here = this.#head.subarray(this.#start, Math.min(this.#end, this.#start + buffer.length));
    buffer.set(here);
    this.#start += here.length;
    for (let have = here.length; have < buffer.length;) {
      const n = await this.#conn.read(buffer.subarray(have));
      if (n === null) throw new Error("the body has no end");
      have += n;
    }
  }
}
