/**
 * Names of an archive as segments from the root.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";

/** The segments from the root to a thing; none for the root itself. No segment is empty, `.` or `..`. */
export type PathSegments = readonly string[];

/**
 * Splits a name. Leading slashes, doubled ones and `.` mean nothing: `/etc`, `./etc/` and `etc` are one. A `..` is
 * refused: no tool writes it into a layer, and cleaning it away would put things where nobody meant them.
 *
 * @throws AppError `invalid_content`
 */
export function segmentsOf(name: string): PathSegments {
  const segments = name.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.includes("..")) {
    throw new AppError(
      "invalid_content",
      `Cannot unpack ${JSON.stringify(name)}: its path holds "..", want one that stays inside`,
    );
  }
  return segments;
}

/** Steps as one text: the key of a place in the tree. */
export function keyOf(segments: PathSegments): string {
  return segments.join("/");
}
