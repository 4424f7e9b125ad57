/**
 * The progress of a verification: one line on a terminal.
 *
 * @module
 */
import type { VerifyProgress } from "../../image/model/types.ts";
import type { Context } from "../context/context.ts";
import type { TerminalSize } from "../terminal/io.ts";
import { bar, BAR_COLUMNS, clockText, percentText, shareOf, sizesText } from "./bar.ts";
import { fitLine, piece, type StyledLine } from "./line.ts";
import { LiveLines } from "./live.ts";
import { progressKindFor } from "./progress.ts";

/** Shows a verification. Dispose it on every path. */
export interface VerifyDisplay extends Disposable {
  readonly onProgress: (progress: VerifyProgress) => void;
}

/** Opens the display. Nothing is shown with `--quiet` or without a terminal. */
export function showVerifying(
  quiet: boolean,
  { io, environment, clock }: Pick<Context, "io" | "environment" | "clock">,
): VerifyDisplay {
  const { isDumb, isCi, noColour } = environment;
  const kind = progressKindFor("auto", { isTerminal: io.stderr.isTerminal, isDumb, isCi });
  if (quiet || kind !== "tty") return { onProgress: () => {}, [Symbol.dispose]: () => {} };
  let last: VerifyProgress = { blobs: 0, totalBlobs: 0, bytes: 0, totalBytes: 0 };
  const begin = clock.now();
  const terminal = { write: io.stderr.write, size: () => io.size() };
  const live = new LiveLines((size, now) => verifyLines(last, size, now - begin), {
    terminal,
    clock,
    colours: !noColour,
  });
  return { onProgress: (progress) => last = progress, [Symbol.dispose]: () => live[Symbol.dispose]() };
}

/** The one line, shortened on narrow terminals. */
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
  return [fitLine(long, short, columns)];
}
