/**
 * Decodes header blocks (RFC 7541).
 *
 * @module
 */
import { DynamicTable, fieldSize } from "./dynamic_table.ts";
import { decodeHuffman } from "./huffman.ts";
import { connectionError, H2Code } from "../frame/protocol_error.ts";
import { type HeaderField, STATIC_TABLE } from "./static_table.ts";

/** The maximum size of the dynamic table: the protocol's default, so it isn't announced. */
const HEADER_TABLE_BYTES = 4096;

/** The contents of a header block. */
export interface HeaderList {
  /** The fields in the order of the block, up to the limit. */
  readonly fields: readonly HeaderField[];
  /** Whether the list exceeded the limit: the request must be refused with 431. */
  readonly tooLarge: boolean;
}

/** Decodes all blocks of one connection, in their order: each block may change the table for the next one. */
export class HpackDecoder {
  readonly #table = new DynamicTable(HEADER_TABLE_BYTES);
  readonly #listLimit: number;
  #block: Uint8Array = new Uint8Array(0);
  #at = 0;

  /** Starts with an empty table. @param listLimit maximum bytes of a list, as {@linkcode fieldSize} counts them */
  constructor(listLimit: number) {
    this.#listLimit = listLimit;
  }

  /**
   * Decodes one block. A list above the limit is decoded to its end to keep the table in sync, but its further fields
   * are dropped: one byte of a block can expand to 4,000 bytes.
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
    const isIndexed = (first & 0x40) !== 0;
    const index = this.#integer(isIndexed ? 6 : 4);
    const name = index === 0 ? this.#string() : this.#entry(index)[0];
    const field = [name, this.#string()] as const;
    if (isIndexed) this.#table.add(field);
    return field;
  }

  #resize(): void {
    const capacity = this.#integer(5);
    if (capacity > HEADER_TABLE_BYTES) throw malformed("a table size update is above the limit");
    this.#table.resize(capacity);
  }

  #entry(index: number): HeaderField {
    const field = index <= STATIC_TABLE.length
      ? STATIC_TABLE[index - 1]
      : this.#table.get(index - STATIC_TABLE.length - 1);
    if (field === undefined) throw malformed(`no table entry has index ${index}`);
    return field;
  }

  /** RFC 7541, section 5.1. Four continuation bytes are enough for any length in a block. */
  #integer(prefixBits: number): number {
    const block = this.#block;
    const full = (1 << prefixBits) - 1;
    let value = (block[this.#at++] as number) & full;
    if (value < full) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = block[this.#at++];
      if (byte === undefined) throw malformed("a number is truncated");
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
    if (end > this.#block.length) throw malformed("a string is truncated");
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
