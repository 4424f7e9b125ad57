/**
 * The body of an HTTP/1.1 response (RFC 9112, 6 and 7).
 *
 * @module
 */
import type { BodyReader, OnBytes } from "../message/http_message.ts";
import type { Http1Connection } from "./connection.ts";
import type { Framing } from "./response_head.ts";

/** A chunk's size line: 16 digits, and extensions that nobody uses. */
const CHUNK_LINE_MAX_BYTES = 1024;
/** Fields after the last chunk, which nobody here reads. */
const TRAILERS_MAX = 100;

/** What is left of a body. */
export interface Http1Body extends BodyReader {
  /** Whether all of it was read. */
  readonly isDone: boolean;
}

/** Reads a body, straight into the callers' buffers. @throws Error if the connection ends before the body */
export function http1Body(connection: Http1Connection, framing: Framing): Http1Body {
  switch (framing.kind) {
    case "length":
      return new LengthBody(connection, framing.bytes);
    case "chunked":
      return new ChunkedBody(connection);
    case "close":
      return new OpenBody(connection);
  }
}

class LengthBody implements Http1Body {
  readonly #connection: Http1Connection;
  #left: number;

  constructor(connection: Http1Connection, bytes: number) {
    this.#connection = connection;
    this.#left = bytes;
  }

  get isDone(): boolean {
    return this.#left === 0;
  }

  async read(buffer: Uint8Array, onBytes?: OnBytes): Promise<number | null> {
    if (this.#left === 0) return null;
    const n = await this.#connection.read(
      buffer.length > this.#left ? buffer.subarray(0, this.#left) : buffer,
      onBytes,
    );
    if (n === null) throw cutShort();
    this.#left -= n;
    return n;
  }
}

class ChunkedBody implements Http1Body {
  readonly #connection: Http1Connection;
  /** Of the chunk; -1 before a first one. */
  #left = -1;
  isDone = false;

  constructor(connection: Http1Connection) {
    this.#connection = connection;
  }

  async read(buffer: Uint8Array, onBytes?: OnBytes): Promise<number | null> {
    if (this.#left <= 0 && !this.isDone) await this.#nextChunk();
    if (this.isDone) return null;
    const n = await this.#connection.read(
      buffer.length > this.#left ? buffer.subarray(0, this.#left) : buffer,
      onBytes,
    );
    if (n === null) throw cutShort();
    this.#left -= n;
    return n;
  }

  async #nextChunk(): Promise<void> {
    if (this.#left === 0 && await this.#line() !== "") throw new Error("invalid HTTP chunk");
    const [size = ""] = (await this.#line()).split(";");
    if (!/^[0-9a-f]{1,13}[ \t]*$/i.test(size)) throw new Error("invalid HTTP chunk size");
    this.#left = parseInt(size, 16);
    if (this.#left > 0) return;
    for (let i = 0; await this.#line() !== ""; i++) {
      if (i === TRAILERS_MAX) throw new Error("invalid HTTP trailers");
    }
    this.isDone = true;
  }

  async #line(): Promise<string> {
    const line = await this.#connection.readUntil("\r\n", CHUNK_LINE_MAX_BYTES);
    if (line === undefined) throw cutShort();
    return line;
  }
}

class OpenBody implements Http1Body {
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

function cutShort(): Error {
  return new Error("connection closed before the body was complete");
}
