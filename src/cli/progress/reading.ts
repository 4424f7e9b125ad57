/**
 * The progress of reading an archive: a bar on a terminal, a heartbeat in a log.
 *
 * @module
 */
import { formatClock, formatSize } from "../../base/units.ts";
import type { Context } from "../context/context.ts";
import type { TerminalSize } from "../terminal/io.ts";
import { bar, BAR_COLUMNS, clockText, percentText, shareOf, sizesText } from "./bar.ts";
import { cutLine, fitLine, piece, type StyledLine } from "./line.ts";
import { LiveLines } from "./live.ts";
import { HEARTBEAT_MS, progressKindFor } from "./progress.ts";

/** Counts bytes that are read, and shows the count. Dispose it on every path. */
export interface ReadProgress extends Disposable {
  add(bytes: number): void;
  /** Bytes so far. */
  bytes(): number;
}

/** @param size total bytes, if known */
export function showReading(
  size: number | undefined,
  quiet: boolean,
  { io, environment, clock }: Pick<Context, "io" | "environment" | "clock">,
): ReadProgress {
  const { isDumb, isCi, noColour } = environment;
  const kind = progressKindFor("auto", { isTerminal: io.stderr.isTerminal, isDumb, isCi });
  const begin = clock.now();
  let bytes = 0;
  const counter = { add: (more: number) => void (bytes += more), bytes: () => bytes };
  if (quiet) return { ...counter, [Symbol.dispose]: () => {} };
  if (kind !== "tty") {
    const stop = clock.every(HEARTBEAT_MS, () => {
      const total = size === undefined ? "" : ` of ${formatSize(size)}`;
      io.stderr.write(`[${formatClock(clock.now() - begin)}] ${formatSize(bytes)}${total} read\n`);
    });
    return { ...counter, [Symbol.dispose]: stop };
  }
  const terminal = { write: io.stderr.write, size: () => io.size() };
  const live = new LiveLines((window, now) => readingLines(bytes, size, window, now - begin), {
    terminal,
    clock,
    colours: !noColour,
  });
  return { ...counter, [Symbol.dispose]: () => live[Symbol.dispose]() };
}

/** The one line, shortened on narrow terminals. */
export function readingLines(
  bytes: number,
  size: number | undefined,
  { columns }: TerminalSize,
  elapsed: number,
): readonly StyledLine[] {
  const clock = piece(`${clockText(elapsed)} `, "dim");
  if (size === undefined) return [cutLine([clock, piece(`${formatSize(bytes)} read`)], columns - 1)];
  const long = [
    clock,
    bar(shareOf(bytes, size), BAR_COLUMNS, "accent"),
    piece(` ${sizesText(bytes, size)} read`),
  ];
  const short = [piece(`${percentText(bytes, size).trimStart()} read`)];
  return [fitLine(long, short, columns)];
}
