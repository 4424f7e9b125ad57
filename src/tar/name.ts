/**
 * Strings that preserve every byte of a name.
 *
 * Names in archives and file systems are bytes, usually UTF-8. A byte that isn't part of a valid UTF-8
 * sequence becomes a lone surrogate, U+DC80 to U+DCFF (Python's "surrogateescape", PEP 383). Valid names are
 * therefore ordinary strings, {@linkcode encodeName} restores the bytes of all names, and `isWellFormed()`
 * detects names that are not UTF-8. Don't pass those to a Deno API: it replaces each surrogate by U+FFFD.
 *
 * @module
 */
import { concatBytes } from "../base/bytes.ts";

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();
const ESCAPE_BASE = 0xdc00;

/** Decodes the bytes of a name. */
export function decodeName(bytes: Uint8Array): string {
  try {
    return STRICT.decode(bytes);
  } catch {
    return decodeEscaping(bytes);
  }
}

/** Encodes a name; the inverse of {@linkcode decodeName}. */
export function encodeName(name: string): Uint8Array<ArrayBuffer> {
  return name.isWellFormed() ? ENCODER.encode(name) : encodeEscaped(name);
}

/** The number of bytes of a name. */
export function nameLength(name: string): number {
  return encodeName(name).length;
}

function decodeEscaping(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      text += String.fromCharCode(ESCAPE_BASE + (bytes[at] ?? 0));
      at++;
    } else {
      text += STRICT.decode(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}

/** The length of the valid UTF-8 sequence at `at`, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  try {
    STRICT.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}

function encodeEscaped(name: string): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const character of name) {
    const code = character.charCodeAt(0);
    const isEscape = character.length === 1 && code >= ESCAPE_BASE + 0x80 && code <= ESCAPE_BASE + 0xff;
    parts.push(isEscape ? Uint8Array.of(code - ESCAPE_BASE) : ENCODER.encode(character));
  }
  return concatBytes(parts);
}
