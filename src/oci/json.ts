/**
 * Validates parsed JSON of external documents. Errors have the location of the invalid value.
 *
 * @module
 */
import { AppError, messageOf } from "../base/errors.ts";

/** A JSON object whose fields are not validated yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The location of a value in a document, for errors: `manifest "sha256:…", layers[2].size`. */
export type JsonLocation = string;

function invalidValue(location: JsonLocation, expected: string): AppError {
  return new AppError("invalid_content", `Cannot read ${location}: expected ${expected}`);
}

/** The position in the message of the engine. */
const POSITION = /at position \d+/;

/**
 * Parses UTF-8 JSON whose top-level value is an object. Invalid UTF-8 is replaced by U+FFFD, as Go's decoder does: some
 * images have an author or a label in another encoding.
 *
 * @throws AppError `invalid_content`
 */
export function parseJsonObject(bytes: Uint8Array, location: JsonLocation): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    // The cause would quote the text, which may contain a secret or be the reply of an attacker.
    const position = POSITION.exec(messageOf(error))?.[0];
    const at = position === undefined ? "" : ` ${position}`;
    throw new AppError("invalid_content", `Cannot read ${location}: not valid JSON${at}`);
  }
  return asObject(value, location);
}

/** Returns the value as an object. @throws AppError `invalid_content` */
export function asObject(value: unknown, location: JsonLocation): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw invalidValue(location, "an object");
}

/** Returns the value as an array. @throws AppError `invalid_content` */
export function asArray(value: unknown, location: JsonLocation): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalidValue(location, "an array");
}

/** Returns the value as a string. @throws AppError `invalid_content` */
export function asString(value: unknown, location: JsonLocation): string {
  if (typeof value === "string") return value;
  throw invalidValue(location, "a string");
}

/** Returns the value as an integer from 0 to 2^53 - 1. @throws AppError `invalid_content` */
export function asSize(value: unknown, location: JsonLocation): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidValue(location, "an integer from 0 to 2^53 - 1");
}

/** Returns the value as a map of strings; a null is "", as for Go's decoder. @throws AppError `invalid_content` */
export function asStringMap(value: unknown, location: JsonLocation): Readonly<Record<string, string>> {
  const map = asObject(value, location);
  const strings = Object.entries(map).map(([key, item]) =>
    [key, asString(item ?? "", `${location}["${key}"]`)] as const
  );
  return Object.fromEntries(strings);
}

/** Returns the value as a list of strings. @throws AppError `invalid_content` */
export function asStrings(value: unknown, location: JsonLocation): readonly string[] {
  return asArray(value, location).map((item, i) => asString(item, `${location}[${i}]`));
}

/** Applies `read` unless the value is missing or null. Go encoders write null for unset fields. */
export function optional<T>(
  value: unknown,
  location: JsonLocation,
  read: (value: unknown, location: JsonLocation) => T,
): T | undefined {
  return value === undefined || value === null ? undefined : read(value, location);
}

/** Removes undefined fields, as TypeScript's `exactOptionalPropertyTypes` requires. */
export function defined<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  const result: { [K in keyof T]?: T[K] } = {};
  for (const key of Object.keys(fields) as (keyof T)[]) {
    if (fields[key] !== undefined) result[key] = fields[key];
  }
  return result as T;
}
