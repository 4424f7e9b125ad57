/**
 * Styled lines for a terminal. Styles become escape sequences only after the layout, so widths count only the
 * text.
 *
 * @module
 */
import { printable, truncate, widthOf } from "../output/text.ts";

/** The meaning of a piece, which determines its colour. */
export type Style = "plain" | "dim" | "good" | "warn" | "bad" | "accent";

/** Text of one style, without control characters. */
export interface Piece {
  readonly text: string;
  readonly style: Style;
}

/** The pieces of a line, from left to right. */
export type StyledLine = readonly Piece[];

const COLOURS: Readonly<Record<Style, string>> = {
  plain: "",
  dim: "\x1b[2m",
  good: "\x1b[32m",
  warn: "\x1b[33m",
  bad: "\x1b[31m",
  accent: "\x1b[36m",
};
const RESET = "\x1b[0m";

/** Makes a piece of text printable. */
export function piece(text: string, style: Style = "plain"): Piece {
  return { text: printable(text), style };
}

/** The width of a line in columns. */
export function lineWidth(line: StyledLine): number {
  return line.reduce((sum, { text }) => sum + widthOf(text), 0);
}

/** Shortens a line to at most `columns` columns. */
export function cutLine(line: StyledLine, columns: number): StyledLine {
  const shortened: Piece[] = [];
  let left = columns;
  for (const { text, style } of line) {
    if (left <= 0) break;
    const short = truncate(text, left);
    shortened.push({ text: short, style });
    left -= widthOf(short);
  }
  return shortened;
}

/** Returns the long line if it is narrower than the terminal, otherwise the short one, cut if necessary. */
export function fitLine(long: StyledLine, short: StyledLine, columns: number): StyledLine {
  return lineWidth(long) < columns ? long : cutLine(short, Math.max(1, columns - 1));
}

/** Converts the line to text, with or without colours. */
export function paint(line: StyledLine, colours: boolean): string {
  return line.map(({ text, style }) => colours && style !== "plain" ? COLOURS[style] + text + RESET : text)
    .join("");
}
