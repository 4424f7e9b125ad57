/**
 * The dynamic table of HPACK (RFC 7541, sections 2.3.2 and 4).
 *
 * @module
 */
import type { HeaderField } from "./static_table.ts";

/** What an entry costs beside its characters (RFC 7541, section 4.1). */
const ENTRY_OVERHEAD_BYTES = 32;

/** The size of a header as HPACK counts it. */
export function fieldSize(field: HeaderField): number {
  return field[0].length + field[1].length + ENTRY_OVERHEAD_BYTES;
}

/** Headers that the peer may name by number; the newest has the lowest. */
export class DynamicTable {
  /** Oldest first; those before `#oldest` have left. */
  #entries: HeaderField[] = [];
  #oldest = 0;
  #size = 0;
  #capacity: number;

  /** Empty; `capacity` is the most bytes, as {@linkcode fieldSize} counts them. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The entry `position` places behind the newest, from 0. */
  get(position: number): HeaderField | undefined {
    const at = this.#entries.length - 1 - position;
    return at < this.#oldest ? undefined : this.#entries[at];
  }

  /** Adds an entry; old ones leave. One larger than the table empties it and is not kept. */
  add(field: HeaderField): void {
    const size = fieldSize(field);
    this.#shrinkTo(this.#capacity - size);
    if (size > this.#capacity) return;
    this.#entries.push(field);
    this.#size += size;
  }

  /** Changes the capacity; entries that no longer fit leave. */
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
