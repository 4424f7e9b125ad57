/**
 * Tables of text.
 *
 * @module
 */
import { padEnd, padStart, printable, widthOf } from "./text.ts";

/** A column: its heading, and the side that its cells are flush with. */
export interface Column {
  readonly heading: string;
  /** @default {"left"} */
  readonly align?: "left" | "right";
}

/** Blanks between two columns. */
const GAP = "   ";

/** Lays rows out under headings, with columns as wide as their widest cell. Cells are made printable. */
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
 * Lines of `name  value`, aligned, for one thing's facts. Lines without a value are left out. Both are made printable:
 * the names of labels come from strangers too.
 */
export function factLines(facts: readonly (readonly [name: string, value: string | undefined])[]): string {
  const there = facts.flatMap(([name, value]) => value ? [[printable(name), printable(value)] as const] : []);
  const width = Math.max(0, ...there.map(([name]) => widthOf(name)));
  return there.map(([name, value]) => `${padEnd(name, width)}  ${value}\n`).join("");
}
