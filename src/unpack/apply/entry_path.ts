/**
 * Names of archive entries as path segments.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";

/** The path from the root to a node; empty for the root. No segment is empty, `.` or `..`. */
export type PathSegments = readonly string[];

/**
 * Splits a name into segments. Leading and repeated slashes and `.` are ignored: `/etc`, `./etc/` and `etc`
 * are the same path. A `..` is an error: no tool writes it into a layer, and removing it would put the entry
 * in an unintended place.
 *
 * @throws AppError `invalid_content`
 */
export function segmentsOf(name: string): PathSegments {
  const segments = name.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.includes("..")) {
    throw new AppError("invalid_content", `Cannot unpack ${JSON.stringify(name)}: its path contains ".."`);
  }
  return segments;
}

/** Joins segments to the text that identifies a path in maps and reports. */
export function keyOf(segments: PathSegments): string {
  return segments.join("/");
}
