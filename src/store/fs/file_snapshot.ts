/**
 * Looking at files and directories that may not be there.
 *
 * @module
 */
import { attempt, attemptAsync } from "./fs_errors.ts";
import { isMissing } from "../../base/os_errors.ts";

/** Looks at so many files at once: more don't gain, and fewer wait for the disk one after the other. */
const LOOKS_AT_ONCE = 32;

/**
 * Facts about a file, following links; undefined if there is none. Does not wait.
 *
 * @throws AppError `permission_denied`
 */
export function statIfThere(path: string): Deno.FileInfo | undefined {
  try {
    return attempt("read", path, () => Deno.statSync(path));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * The entries of a directory, read at once so that nothing stays open while the caller works; none if it is missing.
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

/** Cuts a long list into what is looked at at once. */
export function* inBatches<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += LOOKS_AT_ONCE) yield items.slice(i, i + LOOKS_AT_ONCE);
}
