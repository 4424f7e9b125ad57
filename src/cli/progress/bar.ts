/**
 * Progress bars, and the numbers next to them.
 *
 * @module
 */
import { formatClock, formatSize } from "../../base/units.ts";
import { padStart } from "../output/text.ts";
import { type Piece, piece, type Style } from "./line.ts";

/** The width of a bar that has a line for itself. */
export const BAR_COLUMNS = 28;

/** Returns `offset` as a share of `size`, from 0 to 1; 1 if `size` is 0. */
export function shareOf(offset: number, size: number): number {
  return size <= 0 ? 1 : Math.max(0, Math.min(1, offset / size));
}

/** A bar with a width in columns: `[=====>    ]`. */
export function bar(share: number, columns: number, style: Style): Piece {
  const inner = columns - 2;
  const filled = Math.floor(share * inner);
  const head = filled < inner && share > 0 ? ">" : "";
  return piece(`[${("=".repeat(filled) + head).padEnd(inner)}]`, style);
}

/** `12.3MB/27.1MB` in 15 columns. */
export function sizesText(offset: number, size: number): string {
  return padStart(`${formatSize(offset)}/${formatSize(size)}`, 15);
}

/** ` 45%` in 4 columns. Rounds down, so that 100 means complete. */
export function percentText(offset: number, size: number): string {
  return padStart(`${Math.floor(shareOf(offset, size) * 100)}%`, 4);
}

/** `[00:00:04]` */
export function clockText(ms: number): string {
  return `[${formatClock(ms)}]`;
}

/** `12.3MB/s`, rounded so that it stays readable while it changes. */
export function rateText(bytesPerSecond: number): string {
  return `${formatSize(Math.round(bytesPerSecond))}/s`;
}

/** The remaining time at this rate: `00:00:04 left`; undefined at rate 0. */
export function leftText(bytes: number, bytesPerSecond: number): string | undefined {
  if (bytesPerSecond <= 0) return undefined;
  return `${formatClock(Math.ceil(bytes / bytesPerSecond) * 1000)} left`;
}
