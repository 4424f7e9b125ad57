/**
 * What an unfinished write leaves on the disk: its bytes, and beside those of a large blob the facts without which nobody
 * goes on from them.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { type Descriptor, readDescriptor } from "../../oci/descriptor.ts";
import { parseJsonObject } from "../../oci/json.ts";
import { removeQuietly } from "../fs/fs.ts";
import { attempt, isMissing } from "../fs/fs_errors.ts";
import type { IngestPaths } from "../layout/paths.ts";

/**
 * Writes the facts: `{digest, size, mediaType, createdAt}`. Not made durable: a state that was lost or cut short means
 * that the bytes of a large blob are fetched again, nothing more.
 *
 * @throws AppError `no_space`, `permission_denied`
 */
export function writeState(path: string, { digest, size, mediaType }: Descriptor): void {
  const state = { digest, size, mediaType, createdAt: new Date().toISOString() };
  attempt("write", path, () => Deno.writeTextFileSync(path, JSON.stringify(state)));
}

/** The digest and size that a partial was to have, or undefined if that can't be known. */
export function findState(path: string): Descriptor | undefined {
  try {
    return readDescriptor(parseJsonObject(Deno.readFileSync(path), `"${path}"`), `"${path}"`);
  } catch (error) {
    if (error instanceof AppError || isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether the facts are those of the same blob. */
export function isSameBlob(state: Descriptor, { digest, size }: Descriptor): boolean {
  return state.digest === digest && state.size === size;
}

/** Removes all of an ingest. Only with its lock. */
export function dropPartial(paths: IngestPaths): void {
  // The data goes first: who opens the path from then on makes a new file, and can tell it from the one that is locked.
  removeQuietly(paths.data);
  removeQuietly(paths.state);
  if (paths.directory !== undefined) removeQuietly(paths.directory);
}
