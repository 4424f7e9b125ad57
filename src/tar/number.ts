/**
 * Numbers in tar headers: octal text, or base 256 for larger numbers (GNU tar manual, "Basic Tar Format").
 * Sizes exceed 2^31, so this code uses arithmetic instead of bit operators.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";

const SPACE = 0x20;
const ZERO = 0x30;

function invalid(field: string, state: string): AppError {
  return new AppError("invalid_content", `Cannot read archive: ${field} ${state}`);
}

/**
 * Reads a number field. An empty field is 0.
 *
 * @param fieldName names the field in errors
 * @throws AppError `invalid_content` for text that isn't octal, and for numbers beyond 2^53
 */
export function readNumber(field: Uint8Array, fieldName: string): number {
  const lead = field[0] ?? 0;
  const value = lead >= 0x80 ? readBase256(field, lead) : readOctal(field, fieldName);
  if (!Number.isSafeInteger(value)) throw invalid(fieldName, "exceeds 2^53");
  return value;
}

function readBase256(field: Uint8Array, lead: number): number {
  // The field is a two's complement number; bit 6 of its first byte is the sign.
  let value = lead % 0x80 - (lead >= 0xc0 ? 0x80 : 0);
  for (let i = 1; i < field.length; i++) value = value * 0x100 + (field[i] ?? 0);
  return value;
}

function readOctal(field: Uint8Array, fieldName: string): number {
  let at = 0;
  let end = field.length;
  while (at < end && (field[at] === SPACE || field[at] === 0)) at++;
  while (end > at && (field[end - 1] === SPACE || field[end - 1] === 0)) end--;
  let value = 0;
  for (; at < end; at++) {
    const byte = field[at] ?? 0;
    // Some writers leave stale bytes after the NUL.
    if (byte === 0) break;
    if (byte < ZERO || byte > ZERO + 7) throw invalid(fieldName, "is not an octal number");
    value = value * 8 + byte - ZERO;
  }
  return value;
}

/** Whether a number fits an octal field of `length` bytes with its final NUL. */
export function fitsOctal(value: number, length: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value < 8 ** (length - 1);
}

/** Writes octal digits and a NUL, or base 256 if the number is too large or negative. */
export function writeNumber(field: Uint8Array, value: number): void {
  if (fitsOctal(value, field.length)) {
    const digits = value.toString(8).padStart(field.length - 1, "0");
    for (let i = 0; i < digits.length; i++) field[i] = digits.charCodeAt(i);
    field[field.length - 1] = 0;
    return;
  }
  let remaining = value;
  for (let i = field.length - 1; i >= 0; i--) {
    const next = Math.floor(remaining / 0x100);
    field[i] = remaining - next * 0x100;
    remaining = next;
  }
  field[0] = value < 0 ? 0xff : 0x80;
}
