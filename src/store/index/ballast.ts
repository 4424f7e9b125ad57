/**
 * Space on the disk that is kept for the index: on a disk that is full to the last block, an index that got shorter
 * can still be written, so that removing an image frees space there too.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import { attempt } from "../fs/fs_errors.ts";
import { isMissing } from "../../base/os_errors.ts";
import { statIfThere } from "../fs/file_snapshot.ts";

/** A file of this size does for the indexes of most stores. */
const LEAST_BYTES = 16 * KIB;
/** What `getRandomValues` gives at once. */
const BLOCK_BYTES = 64 * KIB;

/**
 * Keeps a file that has at least so many bytes. It is a help and no more: where it can't be made, nothing is said.
 *
 * @param path nobody else may write there meanwhile
 */
export function keepBallast(path: string, bytes: number): void {
  try {
    if ((statIfThere(path)?.size ?? 0) >= bytes) return;
    let size = LEAST_BYTES;
    while (size < bytes) size *= 2;
    using file = Deno.openSync(path, { write: true, create: true, truncate: true });
    // A file system that compresses would keep no space for zeros.
    const block = crypto.getRandomValues(new Uint8Array(Math.min(size, BLOCK_BYTES)));
    for (let at = 0; at < size;) at += file.writeSync(block.subarray(0, size - at));
  } catch {
    return;
  }
}

/**
 * Opens the file to be written from its start over the blocks that it has; undefined if there is none. What is written
 * must be cut off behind its end.
 *
 * @throws AppError `permission_denied`
 */
export function openBallast(path: string): Deno.FsFile | undefined {
  try {
    return attempt("write", path, () => Deno.openSync(path, { write: true }));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
