/**
 * Names as strings that keep every byte.
 *
 * Names in archives and file systems are bytes; most are UTF-8. A byte that is part of no valid UTF-8 sequence
 * becomes one lone surrogate, U+DC80 to U+DCFF (Python's "surrogateescape", PEP 383). So valid names are ordinary
 * strings, all others come back byte for byte from {@linkcode encodeName}, and `isWellFormed()` tells which is which.
 * Names that are not well formed must never reach a Deno API: it would write U+FFFD in their place.
 *
 * @module
 */
import { concatBytes } from "../base/bytes.ts";

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();
const ESCAPE_BASE = 0xdc00;

/** The name that bytes spell. */
export function decodeName(bytes: Uint8Array): string {
  try {
    return STRICT.decode(bytes);
  } catch {
    return decodeEscaping(bytes);
  }
}

/** The bytes of a name, as {@linkcode decodeName} got them. */
export function encodeName(name: string): Uint8Array<ArrayBuffer> {
  return name.isWellFormed() ? ENCODER.encode(name) : encodeEscaped(name);
}

/** How many bytes a name has. */
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

/** Bytes of the valid UTF-8 sequence at `at`, or 0. */
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
