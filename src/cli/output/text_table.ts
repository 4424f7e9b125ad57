/**
 * Text tables.
 *
 * @module
 */
import { padEnd, padStart, printable, widthOf } from "./text.ts";

/** A column of a table. */
export interface Column {
  readonly heading: string;
  /** @default {"left"} */
  readonly align?: "left" | "right";
}

/** Separates two columns. */
const GAP = "   ";

/** Formats rows under headings; each column is as wide as its widest cell. Cells are made printable. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ heading }) => heading), ...rows.map((row) => row.map(printable))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => widthOf(line[i] ?? ""))));
  return lines.map((line) => {
    const cells = columns.map(({ align }, i) =>
      (align === "right" ? padStart : padEnd)(line[i] ?? "", widths[i] ?? 0)
    );
    return `${cells.join(GAP).trimEnd()}\n`;
  }).join("");
}

/**
 * Formats aligned lines of `name  value`. Pairs without a value are skipped. Names and values are made
 * printable: the names of labels are untrusted too.
 */
export function pairLines(pairs: readonly (readonly [name: string, value: string | undefined])[]): string {
  const present = pairs.flatMap(([name, value]) =>
    value ? [[printable(name), printable(value)] as const] : []
  );
  const width = Math.max(0, ...present.map(([name]) => widthOf(name)));
  return present.map(([name, value]) => `${padEnd(name, width)}  ${value}\n`).join("");
}
