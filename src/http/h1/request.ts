/**
 * Requests and the heads of responses, as they go over a connection.
 *
 * @module
 */
import type { HttpRequest } from "../message/http_message.ts";
import { HEAD_END, HEAD_MAX_BYTES, type Http1Connection } from "./connection.ts";
import { parseResponseHead, type ResponseHead } from "./response_head.ts";

/** A request as it is sent. */
export interface RawRequest {
  readonly method: "GET" | "HEAD";
  /** One character a byte. */
  readonly text: string;
}

/** A response that was read whole. Dispose it: its body's memory then takes another one. */
export interface RawResponse extends Disposable {
  readonly head: ResponseHead;
  readonly body: Uint8Array;
}

/** A request that our own client can send. */
export type Http1Request = HttpRequest & { readonly method: "GET" | "HEAD" };

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Without line ends, with which a value could write a request of its own. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Writes a request. @throws TypeError for a header that would be two */
export function rawRequest(
  { method, url }: Http1Request,
  headers: Readonly<Record<string, string>>,
): RawRequest {
  let text = `${method} ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\n`;
  if (headers.accept === undefined) text += "accept: */*\r\n";
  for (const name of Object.keys(headers)) {
    const value = headers[name] ?? "";
    if (!NAME.test(name) || !VALUE.test(value)) throw new TypeError(`header "${name}" can't be sent`);
    text += `${name}: ${value}\r\n`;
  }
  return { method, text: `${text}\r\n` };
}

/** The head of the final response; undefined if the connection ended before it. */
export async function readHead(
  connection: Http1Connection,
  method: "GET" | "HEAD",
): Promise<ResponseHead | undefined> {
  for (let left = HEAD_MAX_BYTES; left > 0;) {
    const text = await connection.readUntil(HEAD_END, left);
    if (text === undefined) return undefined;
    const head = parseResponseHead(text, method);
    if (head.status >= 200) return head;
    // 100 and 103 come before the response proper.
    left -= text.length;
  }
  throw new Error("invalid HTTP header parsed: too many interim responses");
}
