/**
 * Draws a chart of the benchmark: one group of bars per comparison, one bar per program, in seconds.
 *
 * @module
 */
import type { Outcome } from "./summary.ts";
import { secondsOf } from "./table.ts";

const WIDTH = 760;
/** Pixels left of the bars, for the names of programs. */
const NAMES_WIDTH = 150;
/** Pixels right of the longest bar, for its figure. */
const FIGURE_WIDTH = 70;
const BAR_HEIGHT = 14;
const BAR_STEP = 18;
const TITLE_HEIGHT = 24;
const GROUP_GAP = 14;

/** Rows that explain dray's figures; they aren't programs that a user could choose. */
const NOT_SHOWN = /^(?:dray, no fsync|bare loop|baseline|[A-Z_0-9]+=)/;

/** Draws the comparisons as an SVG for light and dark pages. */
export function chartOf(outcomes: readonly Outcome[]): string {
  const parts: string[] = [];
  let y = 0;
  for (const { title, rows } of outcomes) {
    const bars = rows.flatMap(({ name, result }) =>
      typeof result === "string" || NOT_SHOWN.test(name) ? [] : [{ name, seconds: result.wall }]
    );
    const longest = Math.max(...bars.map(({ seconds }) => seconds));
    parts.push(`<text class="title" x="0" y="${y + 15}">${escapeXml(title)}</text>`);
    y += TITLE_HEIGHT;
    for (const { name, seconds } of bars) {
      const width = Math.max(1, (seconds / longest) * (WIDTH - NAMES_WIDTH - FIGURE_WIDTH));
      const kind = name === "dray" ? "dray" : "other";
      parts.push(
        `<text class="name" x="${NAMES_WIDTH - 8}" y="${y + 11}">${escapeXml(name)}</text>`,
        `<rect class="${kind}" x="${NAMES_WIDTH}" y="${y}" width="${
          width.toFixed(1)
        }" height="${BAR_HEIGHT}" rx="2"/>`,
        `<text class="figure" x="${(NAMES_WIDTH + width + 6).toFixed(1)}" y="${y + 11}">${
          secondsOf(seconds)
        } s</text>`,
      );
      y += BAR_STEP;
    }
    y += GROUP_GAP;
  }
  const height = Math.max(1, y - GROUP_GAP);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">
<title>Seconds per pull; shorter is better</title>
<style>
text { font: 12px ui-sans-serif, system-ui, sans-serif; fill: #57606a; }
.title { font-weight: 600; font-size: 13px; }
.name { text-anchor: end; }
.dray { fill: #1f883d; }
.other { fill: #afb8c1; }
@media (prefers-color-scheme: dark) { text { fill: #9198a1; } .dray { fill: #3fb950; } .other { fill: #484f58; } }
</style>
${parts.join("\n")}
</svg>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
