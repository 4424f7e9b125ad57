/**
 * The files of an unfinished write: its data and, for a large blob, a state file, which is required to
 * resume.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { type Descriptor, readDescriptor } from "../../oci/descriptor.ts";
import { parseJsonObject } from "../../oci/json.ts";
import { removeQuietly } from "../fs/fs.ts";
import { attempt } from "../fs/fs_errors.ts";
import { isMissing } from "../../base/system/os_errors.ts";
import type { IngestPaths } from "../layout/paths.ts";

/** Like the data file. */
const STATE_MODE = 0o600;

/**
 * Writes a state file: `{digest, size, mediaType, createdAt}`. It isn't synced: if it is lost or truncated, a
 * large blob is fetched from the beginning.
 *
 * @throws AppError `no_space`, `permission_denied`
 */
export function writeState(path: string, { digest, size, mediaType }: Descriptor): void {
  const state = { digest, size, mediaType, createdAt: new Date().toISOString() };
  attempt("write", path, () => Deno.writeTextFileSync(path, JSON.stringify(state), { mode: STATE_MODE }));
}

/** Reads a state file; undefined if it is missing or damaged. */
export function findState(path: string): Descriptor | undefined {
  try {
    return readDescriptor(parseJsonObject(Deno.readFileSync(path), `"${path}"`), `"${path}"`);
  } catch (error) {
    if (error instanceof AppError || isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether a state file belongs to the blob. */
export function isSameBlob(state: Descriptor, { digest, size }: Descriptor): boolean {
  return state.digest === digest && state.size === size;
}

/** Removes all files of an ingest. The caller must hold its lock. */
export function dropPartial(paths: IngestPaths): void {
  // The data first: a process that opens the path afterwards creates a new file and sees that it isn't the
  // locked one.
  removeQuietly(paths.data);
  removeQuietly(paths.state);
  if (paths.directory !== undefined) removeQuietly(paths.directory);
}
