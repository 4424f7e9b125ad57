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
 * are the same path. A `..` removes the segment before it, even if that is a symlink: container engines clean
 * names lexically too, so `a/../b` is `b` everywhere.
 *
 * @throws AppError `invalid_content` if the name leaves the root
 */
export function segmentsOf(name: string): PathSegments {
  const segments: string[] = [];
  for (const segment of name.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) {
      throw new AppError("invalid_content", `Cannot unpack ${JSON.stringify(name)}: it is outside the root`);
    }
  }
  return segments;
}

/** Joins segments to the text that identifies a path in maps and reports. */
export function keyOf(segments: PathSegments): string {
  return segments.join("/");
}
