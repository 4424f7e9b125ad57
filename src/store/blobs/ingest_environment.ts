/**
 * Where an ingest gathers its bytes, and where its blob goes.
 *
 * @module
 */
import type { DirectorySyncer } from "../fs/directory_sync.ts";
import { makeDirectory, renameOver } from "../fs/fs.ts";
import { isMissing } from "../../base/os_errors.ts";
import type { BackgroundHasher } from "./background_hasher.ts";
import type { IngestPaths } from "../layout/paths.ts";

const BLOB_MODE = 0o444;
const DIRECTORY_MODE = 0o755;

/** What an ingest needs of the store around it. */
export interface IngestEnvironment {
  /** Where the bytes gather. */
  readonly paths: IngestPaths;
  /** Where they go when they are a blob, and the directory of that. */
  readonly blob: string;
  readonly blobDirectory: string;
  readonly syncer: DirectorySyncer;
  readonly follower: BackgroundHasher;
}

/**
 * Gives the bytes their name as a blob. The first blob of an algorithm makes its directory.
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

/** A guard against mistakes, not a part of the commit: a file system without permission bits is fine as well. */
export function protectBlob({ blob }: IngestEnvironment): void {
  try {
    Deno.chmodSync(blob, BLOB_MODE);
  } catch {
    return;
  }
}
