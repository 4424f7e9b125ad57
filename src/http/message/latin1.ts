/**
 * Text of one character a byte (ISO 8859-1), as heads in HTTP/1.1 are.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";

const TO_UTF8 = new TextEncoder();

/** Text as bytes, one each, in `memory` if they fit there. The text holds no character above 255. */
export function latin1Bytes(text: string, memory: Uint8Array): Uint8Array {
  const { read, written } = TO_UTF8.encodeInto(text, memory);
  if (read === text.length && written === read) return memory.subarray(0, written);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const UTF8 = new TextDecoder();

/** Bytes as text, one character each. */
export function latin1(bytes: Uint8Array): string {
  // Of plain ASCII, which heads are made of, this is the same text in a tenth of the time.
  const plain = UTF8.decode(bytes);
  if (plain.length === bytes.length && !plain.includes("\ufffd")) return plain;
  let text = "";
  for (let at = 0; at < bytes.length; at += 4 * KIB) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4 * KIB));
  }
  return text;
}
