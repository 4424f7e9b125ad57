/**
 * The layout of help texts.
 *
 * @module
 */
import { padEnd, widthOf, wrap } from "../output/text.ts";

/** The indentation of lists and code. */
export const INDENT = "  ";
/** The text of a wider left column starts on the next line, so that the right column stays wide enough. */
const LEFT_MAX = 32;
const RIGHT_MIN = 20;

/** The width of lines on a terminal: longer lines are hard to read, however wide the terminal is. */
export function helpWidth(columns: number): number {
  return Math.max(40, Math.min(columns, 100) - 1);
}

/** Formats rows of a term and its text in two columns. */
export function twoColumns(
  rows: readonly (readonly [left: string, right: string])[],
  width: number,
): string[] {
  const left = Math.min(LEFT_MAX, Math.max(...rows.map(([text]) => widthOf(text))));
  const right = Math.max(RIGHT_MIN, width - INDENT.length - left - INDENT.length);
  const blank = INDENT + " ".repeat(left) + INDENT;
  return rows.flatMap(([text, meaning]) => {
    const [first = "", ...more] = wrap(meaning, right);
    return widthOf(text) > left
      ? [INDENT + text, ...[first, ...more].map((line) => blank + line)]
      : [(INDENT + padEnd(text, left) + INDENT + first).trimEnd(), ...more.map((line) => blank + line)];
  });
}
