/**
 * Bars, and the figures beside them.
 *
 * @module
 */
import { formatClock, formatSize } from "../../base/units.ts";
import { padStart } from "../output/text.ts";
import { type Piece, piece, type Style } from "./line.ts";

/** The share of `size` that `offset` is, from 0 to 1; all of nothing is 1. */
export function shareOf(offset: number, size: number): number {
  return size <= 0 ? 1 : Math.max(0, Math.min(1, offset / size));
}

/** A bar of so many columns: `[=====>    ]`. */
export function bar(share: number, columns: number, style: Style): Piece {
  const room = columns - 2;
  const filled = Math.floor(share * room);
  const head = filled < room && share > 0 ? ">" : "";
  return piece(`[${("=".repeat(filled) + head).padEnd(room)}]`, style);
}

/** `12.3MB/27.1MB` in 15 columns. */
export function sizesText(offset: number, size: number): string {
  return padStart(`${formatSize(offset)}/${formatSize(size)}`, 15);
}

/** ` 45%` in 4 columns. It says 100 only when all is here. */
export function percentText(offset: number, size: number): string {
  return padStart(`${Math.floor(shareOf(offset, size) * 100)}%`, 4);
}

/** `[00:00:04]` */
export function clockText(ms: number): string {
  return `[${formatClock(ms)}]`;
}

/** `12.3MB/s`, rounded so that the figure can be read while it changes. */
export function rateText(bytesPerSecond: number): string {
  return `${formatSize(Math.round(bytesPerSecond))}/s`;
}

/** How long the rest takes at this rate: `00:00:04 left`; undefined while nothing moves. */
export function leftText(bytes: number, bytesPerSecond: number): string | undefined {
  if (bytesPerSecond <= 0) return undefined;
  return `${formatClock(Math.ceil(bytes / bytesPerSecond) * 1000)} left`;
}
