/**
 * The options of garbage collections.
 *
 * @module
 */
import type { CollectOptions } from "../../image/model/types.ts";
import type { COLLECTION_OPTIONS } from "../table/shared.ts";
import type { InputOptions } from "../table/types.ts";
import { usageError } from "../table/usage.ts";

const HOUR_MS = 3_600_000;
const UNITS_MS: Readonly<Record<string, number>> = {
  h: HOUR_MS,
  d: 24 * HOUR_MS,
  w: 7 * 24 * HOUR_MS,
};

/** Converts the options. @throws AppError `invalid_argument` for an invalid age */
export function collectionOptionsOf(
  command: string,
  options: InputOptions<typeof COLLECTION_OPTIONS>,
): Pick<CollectOptions, "partialAge" | "unusedFor" | "keep"> & { readonly partialAge: number } {
  const { "unused-for": unusedFor, keep } = options;
  return {
    partialAge: options["partial-age"] * HOUR_MS,
    ...unusedFor !== undefined && { unusedFor: parseAge(command, "unused-for", unusedFor) },
    ...keep !== undefined && { keep },
  };
}

/** Parses a whole number of hours, days or weeks, such as `30d`, to milliseconds. */
function parseAge(command: string, option: string, text: string): number {
  const [, count = "", unit = ""] = /^([0-9]{1,5})([hdw])$/.exec(text) ?? [];
  const ms = UNITS_MS[unit];
  if (ms !== undefined) return Number(count) * ms;
  throw usageError(
    command,
    `option "--${option}" is "${text}", must be a number of hours, days or weeks: 12h, 30d, 4w`,
  );
}
