/**
 * Writes requests to a connection and reads the heads of responses from it.
 *
 * @module
 */
import type { HttpRequest } from "../message/http_message.ts";
import { HEAD_MAX_BYTES, type Http1Connection } from "./connection.ts";
import { parseResponseHead, type ResponseHead } from "./response_head.ts";

/** A serialised request. */
export interface RawRequest {
  readonly method: "GET" | "HEAD";
  /** Latin-1: one character per byte. */
  readonly text: string;
}

/** A complete response. Dispose it to return its buffer to the pool; the body is invalid afterwards. */
export interface RawResponse extends Disposable {
  readonly head: ResponseHead;
  readonly body: Uint8Array;
}

/** A request that `Http1Client` can send. */
export type Http1Request = HttpRequest & { readonly method: "GET" | "HEAD" };

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** No CR or LF: they would let a value inject headers or a second request. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Serialises a request. @throws TypeError for a header name or value with invalid characters */
export function rawRequest(
  { method, url }: Http1Request,
  headers: Readonly<Record<string, string>>,
): RawRequest {
  let text = `${method} ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\n`;
  if (headers.accept === undefined) text += "accept: */*\r\n";
  for (const name of Object.keys(headers)) {
    const value = headers[name] ?? "";
    if (!NAME.test(name) || !VALUE.test(value)) throw new TypeError(`header "${name}" is invalid`);
    text += `${name}: ${value}\r\n`;
  }
  return { method, text: `${text}\r\n` };
}

/** Reads the head of the final response; undefined if the connection ended before it. */
export async function readHead(
  connection: Http1Connection,
  method: "GET" | "HEAD",
): Promise<ResponseHead | undefined> {
  for (let remaining = HEAD_MAX_BYTES; remaining > 0;) {
    const text = await connection.readUntil("head", remaining);
    if (text === undefined) return undefined;
    const head = parseResponseHead(text, method);
    if (head.status >= 200) return head;
    // Skip interim responses such as 103 Early Hints.
    remaining -= text.length;
  }
  throw new Error("invalid HTTP header parsed: too many interim responses");
}
