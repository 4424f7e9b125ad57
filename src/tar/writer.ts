/**
 * A tar writer. The same entries give the same bytes on every machine. It uses ustar headers, PAX records for
 * values that don't fit in them, and no GNU extensions except base 256 for large device numbers.
 *
 * @module
 */
import { concatBytes, KIB } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";
import type { Entry, TarSink } from "./entry.ts";
import { BLOCK_BYTES, fieldOf, FIELDS, paddingOf, TYPES, writeChecksum } from "./header.ts";
import { encodeName } from "./name.ts";
import { fitsOctal, writeNumber } from "./number.ts";
import { formatPaxTime, writePaxRecord, XATTR_PREFIX } from "./pax.ts";

const ZEROS = new Uint8Array(64 * KIB);

/** Printable ASCII, which every reader accepts in a ustar field. */
const PLAIN = /^[ -~]*$/;

/**
 * Writes one archive. It is a sink, so that a parser can feed it. Sparse files are written with their holes
 * as zeros.
 */
export class TarWriter implements TarSink {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #zeros: ((length: number) => void) | undefined;
  #size = 0;
  #written = 0;

  /**
   * @param write receives the archive's bytes in order, valid only during the call
   * @param zeros receives the length of a run of zeros. @default passes the zeros to `write` in pieces
   */
  constructor(write: (bytes: Uint8Array) => void, zeros?: (length: number) => void) {
    this.#write = write;
    this.#zeros = zeros;
  }

  /** Begins an entry. The content of a file follows through `data`. */
  begin(entry: Entry): void {
    this.#size = entry.kind === "file" ? entry.size : 0;
    this.#written = 0;
    const records = paxRecordsOf(entry);
    if (records.length > 0) this.#writePax(entry, concatBytes(records));
    this.#write(headerOf(entry, this.#size));
  }

  /** Writes bytes of a file. A gap after the previous bytes is a hole. */
  data(bytes: Uint8Array, offset: number): void {
    if (offset < this.#written || offset + bytes.length > this.#size) {
      throw new AppError("internal", "Cannot write archive: the data of a file overlaps or exceeds its size");
    }
    this.#writeZeros(offset - this.#written);
    this.#write(bytes);
    this.#written = offset + bytes.length;
  }

  /** Ends an entry: writes a hole at its end and the padding. */
  end(): void {
    this.#writeZeros(this.#size - this.#written);
    this.#writeZeros(paddingOf(this.#size));
  }

  /** Ends the archive with its two zero blocks. */
  finish(): void {
    this.#writeZeros(2 * BLOCK_BYTES);
  }

  #writeZeros(length: number): void {
    if (length > 0 && this.#zeros !== undefined) return this.#zeros(length);
    for (let remaining = length; remaining > 0; remaining -= ZEROS.length) {
      this.#write(remaining < ZEROS.length ? ZEROS.subarray(0, remaining) : ZEROS);
    }
  }

  #writePax(entry: Entry, records: Uint8Array): void {
    const block = new Uint8Array(BLOCK_BYTES);
    const base = entry.name.replace(/\/+$/, "").replace(/^.*\//s, "").replace(/[^ -~]/g, "_").slice(0, 80);
    writeText(block, FIELDS.name, `PaxHeaders.0/${base}`);
    writeNumber(fieldOf(block, FIELDS.mode), 0o644);
    for (const field of [FIELDS.uid, FIELDS.gid, FIELDS.mtime]) writeNumber(fieldOf(block, field), 0);
    writeNumber(fieldOf(block, FIELDS.size), records.length);
    writeText(block, FIELDS.type, TYPES.pax);
    finishHeader(block);
    this.#write(block);
    this.#write(records);
    this.#writeZeros(paddingOf(records.length));
  }
}

/** The records for all values that don't fit in a ustar field. */
function paxRecordsOf(entry: Entry): Uint8Array[] {
  const records: Uint8Array[] = [];
  const add = (key: string, value: string | Uint8Array) =>
    records.push(writePaxRecord(key, typeof value === "string" ? encodeName(value) : value));
  const target = "target" in entry ? entry.target : "";
  if (!entry.name.isWellFormed() || !target.isWellFormed()) add("hdrcharset", "BINARY");
  if (!fitsText(entry.name, FIELDS.name)) add("path", entry.name);
  if (!fitsText(target, FIELDS.linkName)) add("linkpath", target);
  if (!fitsText(entry.userName, FIELDS.userName)) add("uname", entry.userName);
  if (!fitsText(entry.groupName, FIELDS.groupName)) add("gname", entry.groupName);
  if (!fitsOctal(entry.uid, 8)) add("uid", String(entry.uid));
  if (!fitsOctal(entry.gid, 8)) add("gid", String(entry.gid));
  if (entry.kind === "file" && !fitsOctal(entry.size, 12)) add("size", String(entry.size));
  const { seconds, nanoseconds } = entry.mtime;
  if (nanoseconds !== 0 || !fitsOctal(seconds, 12)) add("mtime", formatPaxTime(entry.mtime));
  for (const name of [...entry.xattrs.keys()].sort()) {
    add(XATTR_PREFIX + name, entry.xattrs.get(name) ?? new Uint8Array(0));
  }
  return records;
}

function headerOf(entry: Entry, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  writeText(block, FIELDS.name, entry.name);
  writeNumber(fieldOf(block, FIELDS.mode), entry.mode);
  // A number that doesn't fit is in a PAX record; the field is 0.
  const number = (field: readonly [number, number], value: number) =>
    writeNumber(fieldOf(block, field), fitsOctal(value, field[1]) ? value : 0);
  number(FIELDS.uid, entry.uid);
  number(FIELDS.gid, entry.gid);
  number(FIELDS.size, size);
  number(FIELDS.mtime, entry.mtime.seconds);
  writeText(block, FIELDS.type, typeOf(entry));
  if ("target" in entry) writeText(block, FIELDS.linkName, entry.target);
  writeText(block, FIELDS.userName, entry.userName);
  writeText(block, FIELDS.groupName, entry.groupName);
  // PAX has no record for device numbers; readers accept base 256.
  writeNumber(fieldOf(block, FIELDS.major), entry.kind === "device" ? entry.major : 0);
  writeNumber(fieldOf(block, FIELDS.minor), entry.kind === "device" ? entry.minor : 0);
  finishHeader(block);
  return block;
}

function typeOf(entry: Entry): string {
  if (entry.kind === "device") return entry.device === "block" ? TYPES.block : TYPES.character;
  return TYPES[entry.kind];
}

function finishHeader(block: Uint8Array): void {
  block.set(encodeName("ustar\x0000"), FIELDS.magic[0]);
  writeChecksum(block);
}

function fitsText(text: string, [, length]: readonly [number, number]): boolean {
  return text.length <= length && PLAIN.test(text);
}

/** Writes text, truncated to the field. If it is truncated, a PAX record has all of it. */
function writeText(block: Uint8Array, field: readonly [number, number], text: string): void {
  block.set(encodeName(text).subarray(0, field[1]), field[0]);
}
