/**
 * The line of a verification on a terminal.
 *
 * @module
 */
import type { VerifyProgress } from "../../image/model/types.ts";
import { bar, clockText, percentText, shareOf, sizesText } from "./bar.ts";
import { cutLine, lineWidth, piece, type StyledLine } from "./line.ts";
import type { TerminalSize } from "./pull_lines.ts";

const BAR_COLUMNS = 28;

/** One line, with as much as fits. */
export function verifyLines(
  { blobs, totalBlobs, bytes, totalBytes }: VerifyProgress,
  { columns }: TerminalSize,
  elapsed: number,
): readonly StyledLine[] {
  const counts = piece(` ${blobs}/${totalBlobs} blobs`);
  const long = [
    piece(`${clockText(elapsed)} `, "dim"),
    bar(shareOf(bytes, totalBytes), BAR_COLUMNS, "accent"),
    piece(` ${sizesText(bytes, totalBytes)}`),
    counts,
  ];
  const short = [piece(percentText(bytes, totalBytes).trimStart()), counts];
  return [lineWidth(long) < columns ? long : cutLine(short, Math.max(1, columns - 1))];
}
