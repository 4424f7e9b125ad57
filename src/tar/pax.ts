/**
 * PAX records: `length key=value\n` (POSIX.1-2017 pax, "pax Header Block"). Values are bytes, because the
 * values of xattrs are binary; decoding them as text would corrupt file capabilities.
 *
 * @module
 */
import { concatBytes } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";
import type { TarTime } from "./entry.ts";
import { decodeName, encodeName } from "./name.ts";

/** Records by key. The last record of a key is used. */
export type PaxRecords = Map<string, Uint8Array>;

/** The prefix of the keys of extended attributes. */
export const XATTR_PREFIX = "SCHILY.xattr.";

const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;
const DIGITS = /^[0-9]{1,15}$/;
const TIME = /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/;

function invalid(state: string): AppError {
  return new AppError("invalid_content", `Cannot read archive: ${state}`);
}

/**
 * Reads all records of a PAX header, in order.
 *
 * @throws AppError `invalid_content`
 */
export function* readPaxRecords(bytes: Uint8Array): Generator<readonly [key: string, value: Uint8Array]> {
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(SPACE, at);
    const lengthText = space < 0 ? "" : decodeName(bytes.subarray(at, space));
    const end = at + (DIGITS.test(lengthText) ? Number(lengthText) : NaN);
    if (!(end > space + 1 && end <= bytes.length)) throw invalid("a PAX record has an invalid length");
    if (bytes[end - 1] !== NEWLINE) throw invalid("the end of a PAX record doesn't match its length");
    // The first one; the value may contain others.
    const equals = bytes.indexOf(EQUALS, space);
    if (equals < 0 || equals >= end || equals === space + 1) throw invalid("a PAX record has no key");
    const key = decodeName(bytes.subarray(space + 1, equals));
    if (key.includes("\0")) throw invalid("the key of a PAX record contains a NUL");
    yield [key, bytes.slice(equals + 1, end - 1)];
    at = end;
  }
}

/** Writes one record. */
export function writePaxRecord(key: string, value: Uint8Array): Uint8Array {
  const body = concatBytes([encodeName(`${key}=`), value, Uint8Array.of(NEWLINE)]);
  // The length includes its own digits.
  let length = body.length + 2;
  while (String(length).length + 1 + body.length > length) length++;
  return concatBytes([encodeName(`${length} `), body]);
}

/**
 * Decodes a value as a name. It must not contain a NUL, where the operating system would truncate it.
 *
 * @throws AppError `invalid_content`
 */
export function paxText(value: Uint8Array, key: string): string {
  if (value.includes(0)) throw invalid(`PAX record "${key}" contains a NUL`);
  return decodeName(value);
}

/**
 * Decodes a value as a non-negative integer.
 *
 * @throws AppError `invalid_content`
 */
export function paxNumber(value: Uint8Array, key: string): number {
  const text = decodeName(value);
  const number = DIGITS.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(number)) throw invalid(`PAX record "${key}" is "${text}", not a number`);
  return number;
}

/**
 * Decodes a value as a time: decimal seconds with an optional fraction, possibly negative.
 *
 * @throws AppError `invalid_content`
 */
export function paxTime(value: Uint8Array, key: string): TarTime {
  const text = decodeName(value);
  const match = TIME.exec(text);
  if (match === null) throw invalid(`PAX record "${key}" is "${text}", not a number of seconds`);
  const [, sign, whole = "0", fraction = ""] = match;
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, "0"));
  const seconds = Number(whole);
  if (sign !== "-") return { seconds, nanoseconds };
  if (nanoseconds === 0) return { seconds: seconds === 0 ? 0 : -seconds, nanoseconds };
  return { seconds: -seconds - 1, nanoseconds: 1e9 - nanoseconds };
}

/** Formats a time; the inverse of {@linkcode paxTime}. */
export function formatPaxTime({ seconds, nanoseconds }: TarTime): string {
  const isNegative = seconds < 0 && nanoseconds > 0;
  const whole = isNegative ? -seconds - 1 : Math.abs(seconds);
  const fraction = String(isNegative ? 1e9 - nanoseconds : nanoseconds).padStart(9, "0").replace(/0+$/, "");
  return `${seconds < 0 ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}
