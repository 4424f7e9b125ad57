/**
 * Reading header blocks (RFC 7541).
 *
 * @module
 */
import { DynamicTable, fieldSize } from "./dynamic_table.ts";
import { decodeHuffman } from "./huffman.ts";
import { connectionError, H2Code } from "../frame/protocol_error.ts";
import { type HeaderField, STATIC_TABLE } from "./static_table.ts";

/** The dynamic table's size that we announce: the protocol's default, so nothing is sent. */
export const HEADER_TABLE_BYTES = 4096;

/** A header block's contents. */
export interface HeaderList {
  /** In the order of the block; none after the limit was passed. */
  readonly fields: readonly HeaderField[];
  /** Whether the list was larger than allowed: answer 431 instead of serving it. */
  readonly tooLarge: boolean;
}

/** Decodes the blocks of one connection, in order: each may change the table for the next. */
export class HpackDecoder {
  readonly #table = new DynamicTable(HEADER_TABLE_BYTES);
  readonly #listLimit: number;
  #block: Uint8Array = new Uint8Array(0);
  #at = 0;

  /** Begins with an empty table; `listLimit` is the most bytes of a list, as {@linkcode fieldSize} counts. */
  constructor(listLimit: number) {
    this.#listLimit = listLimit;
  }

  /**
   * Decodes one block. A list that is too large is decoded to its end all the same, since the table must follow,
   * but nothing more of it is kept: one byte of a block can stand for four thousand.
   *
   * @throws AppError a {@linkcode connectionError} with `compressionError`
   */
  decode(block: Uint8Array): HeaderList {
    this.#block = block;
    this.#at = 0;
    const fields: HeaderField[] = [];
    let size = 0;
    let resizable = true;
    while (this.#at < block.length) {
      const first = block[this.#at] as number;
      if ((first & 0xe0) === 0x20) {
        if (!resizable) throw malformed("a table size update is not at the start of a block");
        this.#resize();
        continue;
      }
      resizable = false;
      const field = this.#field(first);
      size += fieldSize(field);
      if (size <= this.#listLimit) fields.push(field);
    }
    return { fields, tooLarge: size > this.#listLimit };
  }

  #field(first: number): HeaderField {
    if (first & 0x80) return this.#entry(this.#integer(7));
    const kept = (first & 0x40) !== 0;
    const index = this.#integer(kept ? 6 : 4);
    const name = index === 0 ? this.#string() : this.#entry(index)[0];
    const field = [name, this.#string()] as const;
    if (kept) this.#table.add(field);
    return field;
  }

  #resize(): void {
    const capacity = this.#integer(5);
    if (capacity > HEADER_TABLE_BYTES) throw malformed("a table size update is above what we announced");
    this.#table.resize(capacity);
  }

  #entry(index: number): HeaderField {
    const field = index <= STATIC_TABLE.length
      ? STATIC_TABLE[index - 1]
      : this.#table.get(index - STATIC_TABLE.length - 1);
    if (field === undefined) throw malformed(`no table entry has index ${index}`);
    return field;
  }

  /** RFC 7541, section 5.1. Four continuation bytes reach beyond any length that a block may have. */
  #integer(prefixBits: number): number {
    const block = this.#block;
    const full = (1 << prefixBits) - 1;
    let value = (block[this.#at++] as number) & full;
    if (value < full) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = block[this.#at++];
      if (byte === undefined) throw malformed("a number is cut short");
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformed("a number is too long");
  }

  #string(): string {
    const first = this.#block[this.#at];
    if (first === undefined) throw malformed("a string is missing");
    const length = this.#integer(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#block.length) throw malformed("a string is cut short");
    this.#at = end;
    return first & 0x80 ? decodeHuffman(this.#block, start, end) : decodeBytes(this.#block, start, end);
  }
}

function malformed(found: string) {
  return connectionError(H2Code.compressionError, found);
}

function decodeBytes(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}
