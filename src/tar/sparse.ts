/**
 * Sparse files: the old GNU format, and the PAX formats 0.0, 0.1 and 1.0 (GNU tar manual, "Storing Sparse
 * Files").
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import type { SparseRegion } from "./entry.ts";
import { BLOCK_BYTES, fieldOf } from "./header.ts";
import { readNumber } from "./number.ts";

/** The layout of the map in a GNU header and in its extension blocks. */
const GNU_HEADER_MAP = { offset: 386, regions: 4, isExtended: 482 } as const;
const GNU_EXTENSION_MAP = { offset: 0, regions: 21, isExtended: 504 } as const;
const GNU_REAL_SIZE = [483, 12] as const;
const NUMBER_BYTES = 12;

function invalid(state: string): AppError {
  return new AppError("invalid_content", `Cannot read archive: a sparse file's ${state}`);
}

/** The map in one block of the old GNU format. */
export interface GnuMapPart {
  readonly regions: readonly SparseRegion[];
  /** Whether an extension block follows. */
  readonly isExtended: boolean;
}

/** Reads the map in a header of the old GNU format. */
export function readGnuHeaderMap(block: Uint8Array): GnuMapPart {
  return readGnuMap(block, GNU_HEADER_MAP);
}

/** Reads the map in an extension block. */
export function readGnuExtension(block: Uint8Array): GnuMapPart {
  return readGnuMap(block, GNU_EXTENSION_MAP);
}

/** The size of a file in the old GNU format, including holes. */
export function readGnuRealSize(block: Uint8Array): number {
  return readNumber(fieldOf(block, GNU_REAL_SIZE), "a sparse file's size");
}

function readGnuMap(block: Uint8Array, layout: typeof GNU_HEADER_MAP | typeof GNU_EXTENSION_MAP): GnuMapPart {
  const regions: SparseRegion[] = [];
  for (let i = 0; i < layout.regions; i++) {
    const at = layout.offset + i * 2 * NUMBER_BYTES;
    // An unused slot has NULs; an empty region at offset 0 has digits.
    if (block[at] === 0 || block[at + NUMBER_BYTES] === 0) break;
    regions.push({
      offset: readNumber(fieldOf(block, [at, NUMBER_BYTES]), "a sparse region's offset"),
      length: readNumber(fieldOf(block, [at + NUMBER_BYTES, NUMBER_BYTES]), "a sparse region's length"),
    });
  }
  return { regions, isExtended: block[layout.isExtended] !== 0 };
}

/**
 * Converts the numbers of a map (offset, length, offset, length, …) to regions.
 *
 * @throws AppError `invalid_content`
 */
export function pairRegions(numbers: readonly string[]): SparseRegion[] {
  const values = numbers.map((text) => {
    if (!/^[0-9]{1,15}$/.test(text)) throw invalid("map has an invalid number");
    return Number(text);
  });
  if (values.length % 2 !== 0) throw invalid("map ends in the middle of a region");
  const regions: SparseRegion[] = [];
  for (let i = 0; i < values.length; i += 2) {
    regions.push({ offset: values[i] ?? 0, length: values[i + 1] ?? 0 });
  }
  return regions;
}

/**
 * Validates a map against the file's size and its bytes in the archive, and removes empty regions.
 *
 * @throws AppError `invalid_content` for regions that overlap, are not in order, exceed the size, or don't
 * match the stored bytes
 */
export function checkRegions(
  regions: readonly SparseRegion[],
  size: number,
  stored: number,
): readonly SparseRegion[] {
  let end = 0;
  let total = 0;
  for (const { offset, length } of regions) {
    if (offset < end || length < 0 || offset + length > size) {
      throw invalid("regions overlap or exceed its size");
    }
    end = offset + length;
    total += length;
  }
  if (total !== stored) throw invalid(`regions have ${total} bytes, but its header has ${stored}`);
  return regions.filter((region) => region.length > 0);
}

/**
 * Parses the map of PAX format 1.0, which precedes the file's data: decimal lines, padded to whole blocks.
 */
export class LineMap {
  readonly #numbers: string[] = [];
  #text = "";
  /** Bytes parsed so far, always whole blocks. */
  parsedBytes = 0;

  /**
   * Parses the next block.
   *
   * @returns the regions once the map is complete
   * @throws AppError `invalid_content`
   */
  parse(block: Uint8Array): SparseRegion[] | undefined {
    this.parsedBytes += BLOCK_BYTES;
    for (let i = 0; i < BLOCK_BYTES; i++) {
      const byte = block[i] ?? 0;
      if (byte === 0x0a) {
        this.#numbers.push(this.#text);
        this.#text = "";
        if (this.#isComplete()) return pairRegions(this.#numbers.slice(1));
      } else if (byte >= 0x30 && byte <= 0x39 && this.#text.length < 15) {
        this.#text += String.fromCharCode(byte);
      } else throw invalid("map has an invalid number");
    }
    return undefined;
  }

  /** The first line is the number of regions; each has two lines. */
  #isComplete(): boolean {
    return this.#numbers.length === 1 + 2 * Number(this.#numbers[0]);
  }
}
