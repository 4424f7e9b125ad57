/**
 * Pre-faults memory, so that every program under test starts with the same amount of memory from the host.
 *
 * @module
 */
import { statfsSync } from "node:fs";

/** A file system in memory. Without it, pre-faulting does nothing. */
const MEMORY_FILE_SYSTEM = "/dev/shm";
const CHUNK = new Uint8Array(1024 * 1024).fill(1);

/**
 * Writes and removes a file in memory, of `bytes` or half of the available memory, whichever is less.
 *
 * A virtual machine may return freed memory to its host (free page reporting). The next access to such a page faults in
 * the host, which costs seconds per GiB. Without pre-faulting, the first program to use the memory would pay for it.
 *
 * @returns the number of bytes written
 */
export function prefault(bytes: number): number {
  const path = `${MEMORY_FILE_SYSTEM}/dray-bench-${Deno.pid}`;
  const limit = Math.min(bytes, freeBytes() / 2, Deno.systemMemoryInfo().available / 2);
  if (limit < CHUNK.length) return 0;
  let written = 0;
  try {
    using file = Deno.openSync(path, { write: true, createNew: true });
    while (written + CHUNK.length <= limit) written += file.writeSync(CHUNK);
  } finally {
    Deno.removeSync(path);
  }
  return written;
}

function freeBytes(): number {
  try {
    const { bavail, bsize } = statfsSync(MEMORY_FILE_SYSTEM);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
