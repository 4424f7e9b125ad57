/**
 * Reading JSON from outside into typed values, with errors that say where it is wrong.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";

/** A JSON object whose fields are not checked yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Where a value stands: `manifest "sha256:…", layers[2].size`. Used in errors. */
export type Where = string;

/** The error for a value that is not what it must be. */
export function wrong(where: Where, want: string): AppError {
  return new AppError("invalid_content", `Cannot read ${where}: want ${want}`);
}

/**
 * Parses UTF-8 JSON whose top is an object.
 *
 * @throws AppError `invalid_content`
 */
export function parseJsonObject(bytes: Uint8Array, where: Where): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new AppError("invalid_content", `Cannot read ${where}: it is not valid JSON`, { cause });
  }
  return asObject(value, where);
}

/** The value as an object, else `invalid_content`. */
export function asObject(value: unknown, where: Where): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw wrong(where, "an object");
}

/** The value as an array, else `invalid_content`. */
export function asArray(value: unknown, where: Where): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrong(where, "an array");
}

/** The value as text, else `invalid_content`. */
export function asString(value: unknown, where: Where): string {
  if (typeof value === "string") return value;
  throw wrong(where, "a string");
}

/** The value as a whole number from 0 to 2^53 - 1, else `invalid_content`. */
export function asSize(value: unknown, where: Where): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw wrong(where, "a whole number from 0 to 2^53 - 1");
}

/** The value as a map of texts, else `invalid_content`. */
export function asStringMap(value: unknown, where: Where): Readonly<Record<string, string>> {
  const map = asObject(value, where);
  for (const key of Object.keys(map)) asString(map[key], `${where}["${key}"]`);
  return map as Record<string, string>;
}

/** The value as a list of texts, else `invalid_content`. */
export function asStrings(value: unknown, where: Where): readonly string[] {
  return asArray(value, where).map((item, i) => asString(item, `${where}[${i}]`));
}

/** Applies `read` unless the value is missing or null: Go encoders write null for what is not set. */
export function optional<T>(
  value: unknown,
  where: Where,
  read: (value: unknown, where: Where) => T,
): T | undefined {
  return value === undefined || value === null ? undefined : read(value, where);
}

/** The object without the fields that are undefined, as exact optional properties want it. */
export function defined<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  const kept: { [K in keyof T]?: T[K] } = {};
  for (const key of Object.keys(fields) as (keyof T)[]) {
    if (fields[key] !== undefined) kept[key] = fields[key];
  }
  return kept as T;
}
