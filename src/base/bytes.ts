/**
 * Byte sizes, and reading streams with a limit.
 *
 * @module
 */
import { AppError } from "./errors.ts";

/** 1024 bytes. */
export const KIB = 1024;
/** 1024 KiB, in bytes. */
export const MIB = 1024 * KIB;
/** 1024 MiB, in bytes. */
export const GIB = 1024 * MIB;

/**
 * Where bytes come from: fills the caller's buffer, so that a transfer of any length needs only one.
 * Deno's files and connections have this shape.
 */
export interface ByteReader {
  /**
   * Reads up to `buffer.length` bytes (at least 1) to the start of `buffer`.
   *
   * @returns the number of bytes read, or null at the end
   */
  read(buffer: Uint8Array): Promise<number | null>;
}

/** Where bytes go, in order. */
export interface ByteSink {
  /** Takes all of `bytes`; they are the caller's again once it is done. */
  write(bytes: Uint8Array): Promise<void>;
}

/**
 * Fills `buffer` as far as the reader goes.
 *
 * @returns the number of bytes read; less than `buffer.length` only at the end
 */
export async function readFull(reader: ByteReader, buffer: Uint8Array): Promise<number> {
  let have = 0;
  while (have < buffer.length) {
    const n = await reader.read(have === 0 ? buffer : buffer.subarray(have));
    if (n === null) break;
    have += n;
  }
  return have;
}

/** Joins chunks into one array of exactly their length. */
export function concatBytes(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/**
 * Reads a reader to its end.
 *
 * @param limit the most bytes to accept; one more is an error, so "too big" is never taken for "cut short"
 * @param what names the thing in the error
 * @throws AppError `limit_exceeded`
 */
export async function readAll(
  reader: ByteReader,
  limit: number,
  what: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const buffer = new Uint8Array(Math.min(64 * KIB, limit + 1 - length));
    const n = await reader.read(buffer);
    if (n === null) return concatBytes(chunks);
    length += n;
    checkLength(length, limit, what);
    chunks.push(buffer.subarray(0, n));
  }
}

/** Refuses what has more than `limit` bytes. @param what names it in the error @throws AppError `limit_exceeded` */
export function checkLength(length: number, limit: number, what: string): void {
  if (length <= limit) return;
  throw new AppError("limit_exceeded", `Cannot read ${what}: it is larger than ${limit} bytes`, {
    details: { limit },
  });
}

/** Whether two arrays hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let i = 0;
  if (a.byteOffset % 4 === 0 && b.byteOffset % 4 === 0) {
    // Word by word is three times as quick, which counts where there are many MiB.
    const words = Math.floor(a.length / 4);
    const [left, right] = [a, b].map(({ buffer, byteOffset }) =>
      new Int32Array(buffer, byteOffset, words)
    ) as [
      Int32Array,
      Int32Array,
    ];
    for (let word = 0; word < words; word++) if (left[word] !== right[word]) return false;
    i = words * 4;
  }
  for (; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lower-case hexadecimal digits of the bytes. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}
