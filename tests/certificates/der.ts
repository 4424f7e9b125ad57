/**
 * The part of DER that certificates need (X.690).
 *
 * @module
 */
import { concatBytes } from "../../src/base/bytes.ts";

/** Encodes one element: tag, length, content. */
export function element(tag: number, ...content: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const body = concatBytes(content);
  const { length } = body;
  const size = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : [0x82, Math.floor(length / 0x100), length % 0x100];
  return concatBytes([Uint8Array.of(tag, ...size), body]);
}

/** Encodes a SEQUENCE. */
export function sequence(...items: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return element(0x30, ...items);
}

/** Encodes a non-negative INTEGER from big-endian bytes. */
export function integer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Uint8Array.of(0) : bytes.subarray(start);
  const negative = (digits[0] ?? 0) >= 0x80;
  return element(0x02, ...(negative ? [Uint8Array.of(0)] : []), digits);
}

/** Encodes an OBJECT IDENTIFIER. */
export function objectId(text: string): Uint8Array<ArrayBuffer> {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const septets = [part % 128];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) {
      septets.unshift(0x80 + left % 128);
    }
    bytes.push(...septets);
  }
  return element(0x06, Uint8Array.from(bytes));
}

/** Encodes a UTF8String. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return element(0x0c, new TextEncoder().encode(text));
}

/** Encodes a UTCTime, the format of certificates for dates before 2050. */
export function time(date: Date): Uint8Array<ArrayBuffer> {
  const text = date.toISOString().slice(2).replace(/[-:T]|\.[0-9]+/g, "");
  return element(0x17, new TextEncoder().encode(text));
}

/** Encodes a BIT STRING of whole bytes. */
export function bitString(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return element(0x03, Uint8Array.of(0), bytes);
}

/** Encodes DER as PEM. */
export function pem(label: string, der: Uint8Array): string {
  const text = btoa(String.fromCharCode(...der)).replace(/.{64}/g, "$&\n").trimEnd();
  return `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;
}
