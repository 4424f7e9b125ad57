/**
 * The dynamic table of HPACK (RFC 7541, sections 2.3.2 and 4).
 *
 * @module
 */
import type { HeaderField } from "./static_table.ts";

/** Bytes that are counted per entry in addition to its characters (RFC 7541, section 4.1). */
const ENTRY_OVERHEAD_BYTES = 32;

/** Returns the size of a field as HPACK counts it. */
export function fieldSize(field: HeaderField): number {
  return field[0].length + field[1].length + ENTRY_OVERHEAD_BYTES;
}

/** Fields that the peer can refer to by index; the newest has the lowest index. */
export class DynamicTable {
  /** The oldest first; those before `#oldest` are evicted. */
  #entries: HeaderField[] = [];
  #oldest = 0;
  #size = 0;
  #capacity: number;

  /** Creates an empty table. @param capacity maximum bytes, as {@linkcode fieldSize} counts them */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Returns the entry at `position`, counted from the newest, which is at 0. */
  get(position: number): HeaderField | undefined {
    const at = this.#entries.length - 1 - position;
    return at < this.#oldest ? undefined : this.#entries[at];
  }

  /** Adds an entry and evicts old ones. An entry larger than the table empties the table and isn't added. */
  add(field: HeaderField): void {
    const size = fieldSize(field);
    this.#shrinkTo(this.#capacity - size);
    if (size > this.#capacity) return;
    this.#entries.push(field);
    this.#size += size;
  }

  /** Changes the capacity and evicts the entries above it. */
  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#shrinkTo(capacity);
  }

  #shrinkTo(size: number): void {
    while (this.#size > 0 && this.#size > size) {
      this.#size -= fieldSize(this.#entries[this.#oldest] as HeaderField);
      this.#oldest++;
    }
    if (this.#oldest > 64 && this.#oldest * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#oldest);
      this.#oldest = 0;
    }
  }
}
