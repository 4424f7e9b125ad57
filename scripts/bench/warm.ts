/**
 * Makes the machine's memory the same for everybody before the clock runs.
 *
 * @module
 */
import { statfsSync } from "node:fs";

/** A file system in memory; without it nothing is done. */
const PLACE = "/dev/shm";
const PIECE = new Uint8Array(1024 * 1024).fill(1);

/**
 * Writes and removes a file in memory, as large as there is room for, half of it at most.
 *
 * A virtual machine may give memory that was freed back to its host soon after (free page reporting); to touch it
 * again costs a fault in the host for each piece, seconds for each GiB. Who finds memory that somebody has just freed
 * gets it for nothing. So all get the same: memory that was touched a moment ago.
 *
 * @returns how many bytes were touched
 */
export function warm(bytes: number): number {
  const path = `${PLACE}/dray-bench-warm-${Deno.pid}`;
  const most = Math.min(bytes, room() / 2, Deno.systemMemoryInfo().available / 2);
  if (most < PIECE.length) return 0;
  let touched = 0;
  try {
    using file = Deno.openSync(path, { write: true, createNew: true });
    while (touched + PIECE.length <= most) touched += file.writeSync(PIECE);
  } finally {
    Deno.removeSync(path);
  }
  return touched;
}

function room(): number {
  try {
    const { bavail, bsize } = statfsSync(PLACE);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
