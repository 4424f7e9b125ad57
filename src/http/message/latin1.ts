/**
 * Latin-1 text (ISO 8859-1): one character per byte, the encoding of HTTP/1 heads.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";

const TO_UTF8 = new TextEncoder();

/** Encodes text without characters above U+00FF, into `buffer` if it is ASCII and short enough. */
export function latin1Bytes(text: string, buffer: Uint8Array): Uint8Array {
  const { read, written } = TO_UTF8.encodeInto(text, buffer);
  if (read === text.length && written === read) return buffer.subarray(0, written);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const UTF8 = new TextDecoder();

/** Decodes bytes. */
export function latin1(bytes: Uint8Array): string {
  // Nearly all heads are ASCII, for which this takes a tenth of the time.
  const plain = UTF8.decode(bytes);
  if (plain.length === bytes.length && !plain.includes("\ufffd")) return plain;
  let text = "";
  for (let at = 0; at < bytes.length; at += 4 * KIB) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4 * KIB));
  }
  return text;
}
