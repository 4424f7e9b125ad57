/**
 * Refusing a store that another user can change: its blobs are used without being hashed again.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { isForeign, isWritableByAll, resolveOwnLinks } from "../../base/system/ownership.ts";
import type { Digest } from "../../oci/digest.ts";
import { statIfExists } from "../fs/file_snapshot.ts";
import type { StorePaths } from "./paths.ts";

/**
 * Checks that the directories and the index of a store belong to root or the current user and that not every
 * user may write to them. Those that are missing aren't checked.
 *
 * A group may share a store: if the root directory is group-writable, everything in it may belong to any user
 * and to that group.
 *
 * @throws AppError `permission_denied`
 */
export function checkOwnership(paths: StorePaths): void {
  resolveOwnLinks(paths.root);
  const root = statIfExists(paths.root);
  if (root === undefined) return;
  if (isForeign(root)) throw foreignError(paths.root, paths.root, root);
  if (isWritableByAll(root)) throw writableError(paths.root, paths.root);
  const sharedGid = sharedGidOf(root);
  for (const path of checkedPaths(paths)) {
    const info = statIfExists(path);
    if (info === undefined) continue;
    if (isForeign(info) && !isShared(info, sharedGid)) throw foreignError(paths.root, path, info);
    if (isWritableByAll(info)) throw writableError(paths.root, path);
  }
}

/**
 * Applies the rule of {@linkcode checkOwnership} to the file of a blob. Reads the status of the root directory
 * only for a file of another user.
 *
 * @throws AppError `permission_denied`
 */
export function checkBlobOwnership(paths: StorePaths, digest: Digest, info: Deno.FileInfo): void {
  const isRefused = isForeign(info) && !isShared(info, sharedGidOf(statIfExists(paths.root)));
  if (!isRefused && !isWritableByAll(info)) return;
  const path = paths.blob(digest);
  const state = isRefused
    ? `"${path}" belongs to another user (uid ${info.uid})`
    : `every user may write to "${path}"`;
  throw new AppError(
    "permission_denied",
    `Cannot use blob "${digest}": ${state}, so its content can't be trusted; ` +
      "remove the file and pull the image again",
    { details: { digest, path } },
  );
}

/** The group that shares a store; undefined if the root directory isn't group-writable. */
function sharedGidOf(root: Deno.FileInfo | undefined): number | undefined {
  return ((root?.mode ?? 0) & 0o020) === 0 ? undefined : root?.gid ?? undefined;
}

function isShared({ gid }: Deno.FileInfo, sharedGid: number | undefined): boolean {
  return sharedGid !== undefined && gid === sharedGid;
}

function checkedPaths(
  { root, work, indexFile, blobs, ingest, layers, locks }: StorePaths,
): readonly string[] {
  const algorithms = ["sha256", "sha384", "sha512"].map((algorithm) => `${blobs}/${algorithm}`);
  return [...(work === root ? [] : [work]), indexFile, blobs, ...algorithms, ingest, layers, locks];
}

function foreignError(root: string, path: string, { uid }: Deno.FileInfo): AppError {
  return new AppError(
    "permission_denied",
    `Cannot open store "${root}": ${
      subject(root, path)
    } belongs to another user (uid ${uid}), so its content can't ` +
      "be trusted; run as that user, choose another store, or copy the images to one with 'dray import'",
    { details: { path, uid: uid ?? -1 } },
  );
}

function writableError(root: string, path: string): AppError {
  const other = path === root ? "a new directory below it" : "another store";
  return new AppError(
    "permission_denied",
    `Cannot open store "${root}": every user may write to ${
      subject(root, path)
    }, so its content can't be trusted; ` +
      `run 'chmod o-w "${path}"' and 'dray verify', or choose ${other}`,
    { details: { path } },
  );
}

function subject(root: string, path: string): string {
  return path === root ? "it" : `"${path}"`;
}
