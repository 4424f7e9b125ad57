/**
 * Writing header blocks (RFC 7541) without state: no dynamic table and no Huffman, so a block made once is good
 * for every connection, and nothing that the peer does to its table size concerns us.
 *
 * @module
 */
import { type HeaderField, STATIC_TABLE } from "./static_table.ts";

/**
 * Encodes headers, pseudo-headers first. Names must be in lower case; each character of a name or value is one
 * byte, so callers encode other text themselves.
 */
export function encodeHeaderBlock(fields: readonly HeaderField[]): Uint8Array {
  const bytes: number[] = [];
  for (const [name, value] of fields) {
    const whole = STATIC_TABLE.findIndex((entry) => entry[0] === name && entry[1] === value);
    if (whole >= 0) {
      putInteger(bytes, 0x80, 7, whole + 1);
      continue;
    }
    const named = STATIC_TABLE.findIndex((entry) => entry[0] === name);
    putInteger(bytes, 0x00, 4, named + 1);
    if (named < 0) putString(bytes, name);
    putString(bytes, value);
  }
  return Uint8Array.from(bytes);
}

function putInteger(bytes: number[], pattern: number, prefixBits: number, value: number): void {
  const full = (1 << prefixBits) - 1;
  if (value < full) {
    bytes.push(pattern | value);
    return;
  }
  bytes.push(pattern | full);
  let rest = value - full;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
}

function putString(bytes: number[], text: string): void {
  putInteger(bytes, 0x00, 7, text.length);
  for (let i = 0; i < text.length; i++) bytes.push(text.charCodeAt(i) & 0xff);
}
