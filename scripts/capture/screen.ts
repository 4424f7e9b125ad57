/**
 * Reads a terminal's screen as styled text and draws it as an SVG.
 *
 * @module
 */
import type xterm from "@xterm/headless";

/** Text in one style. `style` contains CSS classes, separated by spaces. */
export interface Span {
  readonly text: string;
  readonly style: string;
}

const CELL_WIDTH = 8.4;
const LINE_HEIGHT = 19;
const PADDING = 16;
/** The colours that dray uses, by their index in the palette. */
const PALETTE: Readonly<Record<number, string>> = { 1: "red", 2: "green", 3: "yellow", 6: "cyan" };

/** Reads the lines of a screen, without empty lines at the end. */
export function screenOf(terminal: xterm.Terminal): readonly (readonly Span[])[] {
  const { active } = terminal.buffer;
  const lines: Span[][] = [];
  for (let y = 0; y < terminal.rows; y++) {
    const line = active.getLine(active.viewportY + y);
    const spans: Span[] = [];
    for (let x = 0; x < terminal.cols; x++) {
      const cell = line?.getCell(x);
      // The right half of a wide character has no width.
      if (cell === undefined || cell.getWidth() === 0) continue;
      const colour = cell.isFgPalette() ? PALETTE[cell.getFgColor()] ?? "" : "";
      const style = [colour, cell.isDim() ? "dim" : "", cell.isBold() ? "bold" : ""].filter(Boolean).join(
        " ",
      );
      const text = cell.getChars() || " ";
      const last = spans.at(-1);
      if (last?.style === style) spans[spans.length - 1] = { text: last.text + text, style };
      else spans.push({ text, style });
    }
    lines.push(spans);
  }
  while (lines.at(-1)?.every(({ text }) => text.trim() === "")) lines.pop();
  return lines;
}

/** Draws lines as a terminal window. */
export function svgOf(lines: readonly (readonly Span[])[], columns: number): string {
  const width = Math.ceil(columns * CELL_WIDTH + 2 * PADDING);
  const height = lines.length * LINE_HEIGHT + 2 * PADDING;
  const texts = lines.map((spans, i) => {
    const y = PADDING + (i + 1) * LINE_HEIGHT - 5;
    const parts = spans.map(({ text, style }) =>
      style === "" ? escapeXml(text) : `<tspan class="${style}">${escapeXml(text)}</tspan>`
    );
    return `<text x="${PADDING}" y="${y}" xml:space="preserve">${parts.join("").trimEnd()}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>dray pull in a terminal</title>
<style>
rect { fill: #0d1117; }
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #e6edf3; white-space: pre; }
.dim { fill: #8b949e; } .bold { font-weight: 700; }
.red { fill: #ff7b72; } .green { fill: #3fb950; } .yellow { fill: #d29922; } .cyan { fill: #39c5cf; }
</style>
<rect width="100%" height="100%" rx="8"/>
${texts.join("\n")}
</svg>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
