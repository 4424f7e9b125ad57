/**
 * Encodes header blocks (RFC 7541) without a dynamic table and without Huffman codes. An encoded block is therefore
 * valid on every connection, whatever table size the peer sets.
 *
 * @module
 */
import { type HeaderField, STATIC_TABLE } from "./static_table.ts";

/**
 * Encodes fields.
 *
 * @param fields pseudo-headers first; names in lower case; each character must be a byte (0 to 255)
 */
export function encodeHeaderBlock(fields: readonly HeaderField[]): Uint8Array {
  const bytes: number[] = [];
  for (const [name, value] of fields) {
    const exact = STATIC_TABLE.findIndex((entry) => entry[0] === name && entry[1] === value);
    if (exact >= 0) {
      putInteger(bytes, 0x80, 7, exact + 1);
      continue;
    }
    const sameName = STATIC_TABLE.findIndex((entry) => entry[0] === name);
    putInteger(bytes, 0x00, 4, sameName + 1);
    if (sameName < 0) putString(bytes, name);
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
