/**
 * Reading the head of an HTTP/1 request, as far as a server with two pages needs it.
 *
 * @module
 */
import { abortable } from "../../base/concurrency/abort.ts";
import { KIB } from "../../base/bytes.ts";
import type { HeaderFields } from "../../http/message/http_message.ts";
import { parseMessageHead, parseRequestLine } from "../../http/message/message_head.ts";

/** The request line of a client. */
export interface ObserverRequest {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly headers: HeaderFields;
}

/** Heads are a few hundred bytes. Stops: heads without end. */
const HEAD_MAX_BYTES = 8 * KIB;

/**
 * Reads to the end of the head.
 *
 * @returns undefined if the input isn't an HTTP/1 request
 * @throws the signal's reason
 */
export async function readRequest(
  conn: Deno.Conn,
  signal: AbortSignal,
): Promise<ObserverRequest | undefined> {
  const buffer = new Uint8Array(HEAD_MAX_BYTES);
  const decoder = new TextDecoder();
  for (let have = 0; have < buffer.length;) {
    const n = await abortable(conn.read(buffer.subarray(have)), signal);
    if (n === null) return undefined;
    have += n;
    const head = decoder.decode(buffer.subarray(0, have));
    if (/\r?\n\r?\n/.test(head)) return parseHead(head);
  }
  return undefined;
}

/** Bare LF line ends are accepted (RFC 9112, section 2.2): people type requests by hand. */
function parseHead(text: string): ObserverRequest | undefined {
  const [head = ""] = text.replaceAll(/\r?\n/g, "\r\n").split("\r\n\r\n", 1);
  try {
    const { startLine, headers } = parseMessageHead(head);
    const line = parseRequestLine(startLine);
    return line && { method: line.method, path: line.target.split("?", 1)[0] ?? "", headers };
  } catch {
    return undefined;
  }
}
