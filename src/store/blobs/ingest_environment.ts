/**
 * The paths and services of an ingest, and the publication of its blob.
 *
 * @module
 */
import { isMissing } from "../../base/system/os_errors.ts";
import type { DirectorySyncer } from "../fs/directory_sync.ts";
import { makeDirectory, renameOver } from "../fs/fs.ts";
import type { IngestPaths } from "../layout/paths.ts";
import type { BackgroundHasher } from "./background_hasher.ts";

const BLOB_MODE = 0o444;
const DIRECTORY_MODE = 0o755;

/** Dependencies of an ingest. */
export interface IngestEnvironment {
  /** The files of the unfinished write. */
  readonly paths: IngestPaths;
  /** The path of the blob. */
  readonly blob: string;
  /** The directory of the blob. */
  readonly blobDirectory: string;
  readonly syncer: DirectorySyncer;
  readonly hasher: BackgroundHasher;
  /** Whether no later write can find the files, so that a partial must be removed. @default {false} */
  readonly isPrivate?: boolean;
}

/**
 * Renames the data file to the path of the blob. Creates the directory for the first blob of an algorithm.
 *
 * @throws AppError `no_space`, `permission_denied`
 */
export async function publishBlob({ paths, blob, blobDirectory }: IngestEnvironment): Promise<void> {
  try {
    renameOver(paths.data, blob);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await makeDirectory(blobDirectory, DIRECTORY_MODE);
    renameOver(paths.data, blob);
  }
}

/** Makes a blob read-only. Ignores failures: a file system without permission bits is sufficient. */
export function protectBlob({ blob }: IngestEnvironment): void {
  try {
    Deno.chmodSync(blob, BLOB_MODE);
  } catch {
    return;
  }
}
