/**
 * Reading what is in a file, piece by piece.
 *
 * @module
 */
import { KIB } from "../base/bytes.ts";

const READ_BYTES = 256 * KIB;

/**
 * Reads a file from where it stands, up to `size` bytes, and leaves it behind the last one.
 *
 * @param onBytes gets each piece, which is good until it returns
 * @returns bytes that were read: fewer than `size` if the file ends before
 */
export async function readUpTo(
  file: Deno.FsFile,
  size: number,
  onBytes: (bytes: Uint8Array) => void,
): Promise<number> {
  const buffer = new Uint8Array(Math.min(READ_BYTES, size));
  let offset = 0;
  while (offset < size) {
    const n = await file.read(buffer.subarray(0, Math.min(buffer.length, size - offset)));
    if (n === null) break;
    onBytes(buffer.subarray(0, n));
    offset += n;
  }
  return offset;
}
