/**
 * Reads the first bytes of a connection (RFC 9113, section 3.4).
 *
 * @module
 */
import type { FrameReader } from "../frame/frame_reader.ts";
import type { ByteWriter } from "../stream/frame_writer.ts";

const HTTP1_REQUEST = /^[A-Z]{3,7} [^\r\n]* HTTP\/1/;
const HTTP1_RESPONSE = new TextEncoder().encode(
  "HTTP/1.1 505 HTTP Version Not Supported\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
);

/**
 * Reads the client's preface.
 *
 * @returns false for anything else: HTTP/1.1 clients have been sent 505, other bytes (such as TLS) get no response
 */
export async function readPreface(reader: FrameReader, writer: ByteWriter): Promise<boolean> {
  while (await reader.fill()) {
    const found = reader.preface();
    if (found === "complete") return true;
    if (found === "partial") continue;
    const start = new TextDecoder("latin1").decode(reader.unread());
    if (HTTP1_REQUEST.test(start)) await writer.write(HTTP1_RESPONSE);
    return false;
  }
  return false;
}
