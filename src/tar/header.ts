/**
 * The 512-byte header block (POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar
 * Format").
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { decodeName } from "./name.ts";
import { readNumber, writeNumber } from "./number.ts";

/** The size of a block. */
export const BLOCK_BYTES = 512;

/** The position of each field: offset and length. */
export const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  userName: [265, 32],
  groupName: [297, 32],
  major: [329, 8],
  minor: [337, 8],
  prefix: [345, 155],
} as const satisfies Record<string, readonly [offset: number, length: number]>;

/** Type flags. */
export const TYPES = {
  oldFile: "\0",
  file: "0",
  hardlink: "1",
  symlink: "2",
  character: "3",
  block: "4",
  directory: "5",
  fifo: "6",
  contiguous: "7",
  gnuSparse: "S",
  gnuLongName: "L",
  gnuLongLink: "K",
  pax: "x",
  paxGlobal: "g",
} as const;

/** A header, without the overrides of preceding PAX and GNU headers. */
export interface RawHeader {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of data that follow, without padding. */
  readonly size: number;
  readonly mtime: number;
  /** One character of {@linkcode TYPES}. */
  readonly type: string;
  readonly linkName: string;
  readonly userName: string;
  readonly groupName: string;
  readonly major: number;
  readonly minor: number;
}

/** Bytes of padding after `size` bytes of data. */
export function paddingOf(size: number): number {
  return (BLOCK_BYTES - size % BLOCK_BYTES) % BLOCK_BYTES;
}

/** The bytes of a field. */
export function fieldOf(block: Uint8Array, [offset, length]: readonly [number, number]): Uint8Array {
  return block.subarray(offset, offset + length);
}

/** Whether a block has only zeros. Two such blocks end an archive. */
export function isZeroBlock(block: Uint8Array): boolean {
  for (let i = 0; i < BLOCK_BYTES; i++) if (block[i] !== 0) return false;
  return true;
}

/**
 * Reads a header.
 *
 * @throws AppError `invalid_content`, for example if the checksum is wrong
 */
export function readHeader(block: Uint8Array): RawHeader {
  checkChecksum(block);
  const text = (field: readonly [number, number]) => readText(block, field);
  const number = (name: "mode" | "uid" | "gid" | "size" | "mtime" | "major" | "minor") =>
    readNumber(fieldOf(block, FIELDS[name]), `header field "${name}"`);
  const magic = text(FIELDS.magic);
  const isPosix = magic === "ustar";
  const isExtended = magic.startsWith("ustar");
  // GNU headers have other fields at the position of the POSIX prefix.
  const prefix = isPosix ? text(FIELDS.prefix) : "";
  const name = text(FIELDS.name);
  const type = String.fromCharCode(block[FIELDS.type[0]] ?? 0);
  const isDevice = type === TYPES.character || type === TYPES.block;
  const size = number("size");
  if (size < 0) throw new AppError("invalid_content", 'Cannot read archive: header field "size" is negative');
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    mode: number("mode"),
    uid: number("uid"),
    gid: number("gid"),
    size,
    mtime: number("mtime"),
    type,
    linkName: text(FIELDS.linkName),
    userName: isExtended ? text(FIELDS.userName) : "",
    groupName: isExtended ? text(FIELDS.groupName) : "",
    major: isExtended && isDevice ? number("major") : 0,
    minor: isExtended && isDevice ? number("minor") : 0,
  };
}

function readText(block: Uint8Array, [offset, length]: readonly [number, number]): string {
  let end = offset;
  while (end < offset + length && block[end] !== 0) end++;
  return end === offset ? "" : decodeName(block.subarray(offset, end));
}

/** The sums of all bytes, with spaces in the checksum field. Some old writers summed signed bytes. */
function sumsOf(block: Uint8Array): { readonly unsigned: number; readonly signed: number } {
  const [offset, length] = FIELDS.checksum;
  let unsigned = 0;
  let high = 0;
  for (let i = 0; i < BLOCK_BYTES; i++) {
    const byte = i >= offset && i < offset + length ? 0x20 : block[i] ?? 0;
    unsigned += byte;
    if (byte >= 0x80) high++;
  }
  return { unsigned, signed: unsigned - high * 0x100 };
}

function checkChecksum(block: Uint8Array): void {
  const want = readNumber(fieldOf(block, FIELDS.checksum), "header checksum");
  const { unsigned, signed } = sumsOf(block);
  if (want === unsigned || want === signed) return;
  throw new AppError(
    "invalid_content",
    `Cannot read archive: the checksum of a header is ${unsigned}, but its checksum field has ${want}`,
  );
}

/** Writes the checksum of a block whose other fields are set. */
export function writeChecksum(block: Uint8Array): void {
  const field = fieldOf(block, FIELDS.checksum);
  // Six digits, NUL, space: every reader accepts this form.
  writeNumber(field.subarray(0, 7), sumsOf(block).unsigned);
  field[7] = 0x20;
}
