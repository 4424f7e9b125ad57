/**
 * Numbers of tar headers: octal text, or base 256 where octal has no room (GNU). Sizes pass 2^31, so all of this is
 * done with `*` and `Math.floor`, never with bit operators.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";

const SPACE = 0x20;
const ZERO = 0x30;

function invalid(what: string, state: string): AppError {
  return new AppError("invalid_content", `Cannot read archive: ${what} ${state}`);
}

/**
 * Reads a number field. An empty field is 0.
 *
 * @param what names the field in errors
 * @throws AppError `invalid_content` for other text, and for what a number can't hold exactly
 */
export function readNumber(field: Uint8Array, what: string): number {
  const lead = field[0] ?? 0;
  const value = lead >= 0x80 ? readBase256(field, lead) : readOctal(field, what);
  if (!Number.isSafeInteger(value)) throw invalid(what, "is beyond 2^53");
  return value;
}

function readBase256(field: Uint8Array, lead: number): number {
  // Bit 6 of the first byte is the sign: two's complement over the whole field.
  let value = lead % 0x80 - (lead >= 0xc0 ? 0x80 : 0);
  for (let i = 1; i < field.length; i++) value = value * 0x100 + (field[i] ?? 0);
  return value;
}

function readOctal(field: Uint8Array, what: string): number {
  let at = 0;
  let end = field.length;
  while (at < end && (field[at] === SPACE || field[at] === 0)) at++;
  while (end > at && (field[end - 1] === SPACE || field[end - 1] === 0)) end--;
  let value = 0;
  for (; at < end; at++) {
    const byte = field[at] ?? 0;
    // Whatever follows a NUL is left from an earlier use of the writer's buffer.
    if (byte === 0) break;
    if (byte < ZERO || byte > ZERO + 7) throw invalid(what, "is no octal number");
    value = value * 8 + byte - ZERO;
  }
  return value;
}

/** Whether a number fits an octal field of `length` bytes with its final NUL. */
export function fitsOctal(value: number, length: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value < 8 ** (length - 1);
}

/** Writes octal digits and a NUL; what has no room is written in base 256. */
export function writeNumber(field: Uint8Array, value: number): void {
  if (fitsOctal(value, field.length)) {
    const digits = value.toString(8).padStart(field.length - 1, "0");
    for (let i = 0; i < digits.length; i++) field[i] = digits.charCodeAt(i);
    field[field.length - 1] = 0;
    return;
  }
  let rest = value;
  for (let i = field.length - 1; i >= 0; i--) {
    const next = Math.floor(rest / 0x100);
    field[i] = rest - next * 0x100;
    rest = next;
  }
  field[0] = value < 0 ? 0xff : 0x80;
}
