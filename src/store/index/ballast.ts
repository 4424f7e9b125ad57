/**
 * Reserved disk space for the index. On a full disk, a shorter index can still be written over it, so that
 * removing an image always works.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import { isMissing } from "../../base/system/os_errors.ts";
import { removeQuietly } from "../fs/fs.ts";
import { attempt } from "../fs/fs_errors.ts";

/** Sufficient for the index of most stores. */
const BALLAST_MIN_BYTES = 16 * KIB;
/** The ballast becomes the index. */
const BALLAST_MODE = 0o644;
/** The most that one call of `getRandomValues` returns. */
const BLOCK_BYTES = 64 * KIB;

/**
 * Ensures that a file has at least `bytes` bytes. Ignores failures: the ballast is only needed on a full
 * disk.
 *
 * @param path must not be written by another process at the same time
 */
export function keepBallast(path: string, bytes: number): void {
  try {
    if ((findBallast(path)?.size ?? 0) >= bytes) return;
    let size = BALLAST_MIN_BYTES;
    while (size < bytes) size *= 2;
    removeQuietly(path);
    using file = Deno.openSync(path, { write: true, createNew: true, mode: BALLAST_MODE });
    // Random, because a compressing file system would reserve no space for zeros.
    const block = crypto.getRandomValues(new Uint8Array(Math.min(size, BLOCK_BYTES)));
    for (let offset = 0; offset < size;) offset += file.writeSync(block.subarray(0, size - offset));
  } catch {
    return;
  }
}

/**
 * Opens the ballast for writing over its blocks; undefined if there is none. The caller must truncate it
 * after writing.
 *
 * @throws AppError `permission_denied`
 */
export function openBallast(path: string): Deno.FsFile | undefined {
  if (findBallast(path) === undefined) return undefined;
  return attempt("write", path, () => Deno.openSync(path, { write: true }));
}

/** Undefined also for a symbolic link, which must not be written through. */
function findBallast(path: string): Deno.FileInfo | undefined {
  try {
    const info = attempt("read", path, () => Deno.lstatSync(path));
    return info.isFile ? info : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
