/**
 * Human-readable numbers. `@std/fmt` prints `27.1 MB` and a duration with days and milliseconds, which the
 * clients that users compare our output with don't.
 *
 * @module
 */

const SIZE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Bytes with a decimal unit and three digits: `27.1MB`, as docker and crictl print sizes. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < SIZE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const text = unit === 0 ? String(value) : value.toPrecision(3);
  return `${text}${SIZE_UNITS[unit]}`;
}

/** Milliseconds as hours, minutes and seconds: `00:00:04`. Hours may have more than two digits. */
export function formatClock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
