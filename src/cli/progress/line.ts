/**
 * Lines of a terminal: pieces of text with a style, laid out first and painted last, so that widths are those of the
 * text alone.
 *
 * @module
 */
import { printable, truncate, widthOf } from "../output/text.ts";

/** What a piece means. */
export type Style = "plain" | "dim" | "good" | "warn" | "bad" | "accent";

/** Text of one style, without control characters. */
export interface Piece {
  readonly text: string;
  readonly style: Style;
}

/** A line from left to right. */
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

/** A piece of text, made printable. */
export function piece(text: string, style: Style = "plain"): Piece {
  return { text: printable(text), style };
}

/** Columns of a line. */
export function lineWidth(line: StyledLine): number {
  return line.reduce((sum, { text }) => sum + widthOf(text), 0);
}

/** Cuts a line to so many columns. */
export function cutLine(line: StyledLine, columns: number): StyledLine {
  const cut: Piece[] = [];
  let left = columns;
  for (const { text, style } of line) {
    if (left <= 0) break;
    const short = truncate(text, left);
    cut.push({ text: short, style });
    left -= widthOf(short);
  }
  return cut;
}

/** The line as text, with colours or without. */
export function paint(line: StyledLine, colours: boolean): string {
  return line.map(({ text, style }) => colours && style !== "plain" ? COLOURS[style] + text + RESET : text)
    .join("");
}
