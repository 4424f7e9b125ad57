/**
 * Requests and the heads of responses, as they go over a connection.
 *
 * @module
 */
import type { HttpRequest } from "./http.ts";
import { HEAD_END, HEAD_MAX_BYTES, latin1Bytes, type WireConnection } from "./wire_connection.ts";
import { parseResponseHead, type ResponseHead } from "./wire_head.ts";

/** A request as it is sent. */
export interface RawRequest {
  readonly method: "GET" | "HEAD";
  readonly bytes: Uint8Array;
}

/** A response that was read whole. */
export interface RawResponse {
  readonly head: ResponseHead;
  readonly body: Uint8Array;
}

/** A request that our own client can send. */
export type DirectRequest = HttpRequest & { readonly method: "GET" | "HEAD" };

/** Writes a request. @throws TypeError for a header that would be two */
export function rawRequest(
  { method, url }: DirectRequest,
  headers: Readonly<Record<string, string>>,
): RawRequest {
  let text = `${method} ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\n`;
  // The class refuses line ends in values, with which a value could write a request of its own.
  for (const [name, value] of new Headers({ accept: "*/*", ...headers })) text += `${name}: ${value}\r\n`;
  return { method, bytes: latin1Bytes(`${text}\r\n`) };
}

/** The head of the final response; undefined if the connection ended before it. */
export async function readHead(
  connection: WireConnection,
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
