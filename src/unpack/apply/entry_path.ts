/**
 * Names of an archive as steps from the root.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";

/** The steps from the root to a thing; none for the root itself. No step is empty, `.` or `..`. */
export type Steps = readonly string[];

/**
 * Splits a name. Leading slashes, doubled ones and `.` mean nothing: `/etc`, `./etc/` and `etc` are one. A `..` is
 * refused: no tool writes it into a layer, and cleaning it away would put things where nobody meant them.
 *
 * @throws AppError `invalid_content`
 */
export function stepsOf(name: string): Steps {
  const steps = name.split("/").filter((step) => step !== "" && step !== ".");
  if (steps.includes("..")) {
    throw new AppError(
      "invalid_content",
      `Cannot unpack ${JSON.stringify(name)}: its path holds "..", want one that stays inside`,
    );
  }
  return steps;
}

/** Steps as one text: the key of a place in the tree. */
export function keyOf(steps: Steps): string {
  return steps.join("/");
}
