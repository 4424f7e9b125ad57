/**
 * The body of an HTTP/1.1 response (RFC 9112, 6 and 7).
 *
 * @module
 */
import type { BodyReader, OnBytes } from "../message/http_message.ts";
import type { Http1Connection } from "./connection.ts";
import type { Framing } from "./response_head.ts";

/** A chunk-size line has at most 16 digits; extensions are ignored. Limits what a server can make us buffer. */
const CHUNK_LINE_MAX_BYTES = 1024;
/** Trailer fields are discarded; a server must not send them without end. */
const TRAILERS_MAX = 100;

/** The unread part of a response body. */
export interface Http1Body extends BodyReader {
  /** Whether the body was read to its end. */
  readonly isDone: boolean;
}

/**
 * Returns a reader of the body that follows a head on `connection`. Reads go directly into the caller's buffer and
 * throw an Error if the connection ends before the body. The caller closes the connection.
 */
export function http1Body(connection: Http1Connection, framing: Framing): Http1Body {
  switch (framing.kind) {
    case "length":
      return new LengthBody(connection, framing.bytes);
    case "chunked":
      return new ChunkedBody(connection);
    case "close":
      return new CloseDelimitedBody(connection);
  }
}

class LengthBody implements Http1Body {
  readonly #connection: Http1Connection;
  #remaining: number;

  constructor(connection: Http1Connection, bytes: number) {
    this.#connection = connection;
    this.#remaining = bytes;
  }

  get isDone(): boolean {
    return this.#remaining === 0;
  }

  async read(buffer: Uint8Array, onBytes?: OnBytes): Promise<number | null> {
    if (this.#remaining === 0) return null;
    const n = await this.#connection.read(
      buffer.length > this.#remaining ? buffer.subarray(0, this.#remaining) : buffer,
      onBytes,
    );
    if (n === null) throw truncatedError();
    this.#remaining -= n;
    return n;
  }
}

class ChunkedBody implements Http1Body {
  readonly #connection: Http1Connection;
  /** Bytes left of the current chunk; -1 before the first one. */
  #remaining = -1;
  isDone = false;

  constructor(connection: Http1Connection) {
    this.#connection = connection;
  }

  async read(buffer: Uint8Array, onBytes?: OnBytes): Promise<number | null> {
    if (this.#remaining <= 0 && !this.isDone) await this.#readChunkSize();
    if (this.isDone) return null;
    const n = await this.#connection.read(
      buffer.length > this.#remaining ? buffer.subarray(0, this.#remaining) : buffer,
      onBytes,
    );
    if (n === null) throw truncatedError();
    this.#remaining -= n;
    return n;
  }

  async #readChunkSize(): Promise<void> {
    if (this.#remaining === 0 && await this.#readLine() !== "") throw new Error("invalid HTTP chunk");
    const [size = ""] = (await this.#readLine()).split(";");
    if (!/^(?=[0-9a-f])0*[0-9a-f]{0,13}[ \t]*$/i.test(size)) throw new Error("invalid HTTP chunk size");
    this.#remaining = parseInt(size, 16);
    if (this.#remaining > 0) return;
    for (let i = 0; await this.#readLine() !== ""; i++) {
      if (i === TRAILERS_MAX) throw new Error("invalid HTTP trailers");
    }
    this.isDone = true;
  }

  async #readLine(): Promise<string> {
    const line = await this.#connection.readUntil("line", CHUNK_LINE_MAX_BYTES);
    if (line === undefined) throw truncatedError();
    return line;
  }
}

class CloseDelimitedBody implements Http1Body {
  readonly #connection: Http1Connection;
  isDone = false;

  constructor(connection: Http1Connection) {
    this.#connection = connection;
  }

  async read(buffer: Uint8Array, onBytes?: OnBytes): Promise<number | null> {
    const n = this.isDone ? null : await this.#connection.read(buffer, onBytes);
    this.isDone ||= n === null;
    return n;
  }
}

function truncatedError(): Error {
  return new Error("connection closed before the body was complete");
}
