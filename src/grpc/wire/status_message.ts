/**
 * Percent-encoding of `grpc-message` (gRPC over HTTP/2, "Responses").
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";

/** Longer messages are truncated: the status must be in one frame, and clients limit the size of headers. */
const MESSAGE_MAX_BYTES = 4 * KIB;

/** Encodes a message as a header value: visible ASCII and spaces unchanged, all other bytes of its UTF-8 as `%XX`. */
export function encodeStatusMessage(message: string): string {
  let text = "";
  for (const byte of utf8Prefix(message)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    text += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}

/** Returns the UTF-8 of the text, truncated between characters. */
function utf8Prefix(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= MESSAGE_MAX_BYTES) return bytes;
  let end = MESSAGE_MAX_BYTES;
  while (((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}
