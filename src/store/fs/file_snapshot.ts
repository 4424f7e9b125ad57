/**
 * Reading the status of files and directories that may not exist.
 *
 * @module
 */
import { isMissing } from "../../base/system/os_errors.ts";
import { attempt, attemptAsync } from "./fs_errors.ts";

/**
 * Number of files whose status is read in parallel. More don't help; fewer wait for the disk one after the
 * other.
 */
const PARALLEL_STATS = 32;

/**
 * The status of a file, following links; undefined if it doesn't exist. Synchronous.
 *
 * @throws AppError `permission_denied`
 */
export function statIfExists(path: string): Deno.FileInfo | undefined {
  try {
    return attempt("read", path, () => Deno.statSync(path));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * All entries of a directory, so that it isn't open while the caller works; empty if the directory doesn't
 * exist.
 *
 * @throws AppError `permission_denied`
 */
export async function entriesIn(path: string): Promise<readonly Deno.DirEntry[]> {
  try {
    return await attemptAsync("read", path, () => Array.fromAsync(Deno.readDir(path)));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Splits a list into batches whose items are read in parallel. */
export function* inBatches<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += PARALLEL_STATS) yield items.slice(i, i + PARALLEL_STATS);
}
