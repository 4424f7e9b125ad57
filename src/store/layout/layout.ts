/**
 * Creating and checking the layout of a store (OCI image spec 1.1, image-layout.md).
 *
 * @module
 */
import { neverAborted, sleep } from "../../base/concurrency/abort.ts";
import { AppError, isCode } from "../../base/errors.ts";
import { isMissing } from "../../base/system/os_errors.ts";
import { parseJsonObject } from "../../oci/json.ts";
import {
  makeDirectorySync,
  removeQuietly,
  renameOver,
  statIfSame,
  syncDirectory,
  syncFile,
  tryLockFile,
} from "../fs/fs.ts";
import { attempt, attemptAsync } from "../fs/fs_errors.ts";
import { entriesIn, statIfExists } from "../fs/file_snapshot.ts";
import { checkOwnership } from "./ownership.ts";
import type { StorePaths } from "./paths.ts";

const LAYOUT_VERSION = "1.0.0";
/** The prefix of a temporary layout file. A process that dies while it creates the store leaves one. */
const TEMP_PREFIX = ".oci-layout-";
/** A directory that a new file system contains. */
const LOST_AND_FOUND = "lost+found";

const PUBLIC_MODE = 0o755;
/**
 * Unpacked layers may contain untrusted set-user-id programs: other users must not reach them
 * (CVE-2021-41103).
 */
const PRIVATE_MODE = 0o700;
const LAYOUT_FILE_MODE = 0o644;

/** How often, and at which intervals in milliseconds, to try the lock of an older version. */
const OLD_LOCK_ATTEMPTS = 10;
const OLD_LOCK_DELAY_MS = 20;

const DIRECTORIES = [
  ["blobs", PUBLIC_MODE],
  ["locks", PUBLIC_MODE],
  ["ingest", PRIVATE_MODE],
  ["layers", PRIVATE_MODE],
] as const;

/**
 * Creates missing store files and directories, except the index.
 *
 * @throws AppError `invalid_argument` if the directory contains other files, `unsupported` for another
 * version of the layout, `busy` if an older version of dray is using the store, `permission_denied` also if
 * another user can change it, `no_space`
 */
export async function makeLayout(paths: StorePaths): Promise<void> {
  await makeRoot(paths.root, "private");
  checkOwnership(paths);
  if (!await hasLayout(paths)) {
    await mustBeEmpty(paths);
    await writeLayout(paths);
  }
  // The index is created last. Without it, the process that created the rest may have died before it was
  // durable.
  const isNew = statIfExists(paths.indexFile) === undefined;
  if (paths.work !== paths.root) makeDirectorySync(paths.work, PRIVATE_MODE);
  const created = DIRECTORIES.map(([name, mode]) => makeDirectorySync(paths[name], mode));
  const isNewAlgorithm = makeDirectorySync(`${paths.blobs}/sha256`, PUBLIC_MODE);
  await makeHolds(paths);
  // In parallel, because a first pull waits for them and their order doesn't matter before the index exists.
  await Promise.all([
    isNew || created.includes(true) ? syncDirectory(paths.root) : undefined,
    isNew ? syncParent(paths.root) : undefined,
    isNew || isNewAlgorithm ? syncDirectory(paths.blobs) : undefined,
  ]);
}

/**
 * Creates the directory of holds.
 *
 * Older versions have one lock on all content, in a file of the same name. They and this version would delete each
 * other's content, because a hold doesn't take that lock. So that they never run together, the file is replaced by the
 * directory, which older versions fail to open for writing. Until the last older process has released its lock, this
 * version refuses the store.
 *
 * @throws AppError `busy`
 */
async function makeHolds({ root, holds }: StorePaths): Promise<void> {
  for (let attempt = 0;; attempt++) {
    if (makeDirectorySync(holds, PRIVATE_MODE) || statIfExists(holds)?.isDirectory) return;
    const file = openOldLock(holds);
    if (file === undefined) continue;
    using lock = file;
    if (await tryLockFile(lock, holds, "exclusive")) {
      // Another process may have replaced it in the meantime.
      if (statIfSame(lock, holds) !== undefined) removeQuietly(holds);
    } else if (attempt < OLD_LOCK_ATTEMPTS) {
      // A process of this version may be replacing it.
      await sleep(OLD_LOCK_DELAY_MS, neverAborted());
    } else {
      throw new AppError(
        "busy",
        `Cannot open store "${root}": an older version of dray is using it; wait until it has ended, and retry`,
      );
    }
  }
}

function openOldLock(path: string): Deno.FsFile | undefined {
  try {
    return attempt("lock", path, () => Deno.openSync(path, { read: true, write: true }));
  } catch (error) {
    // Another process has replaced it.
    if (isMissing(error) || statIfExists(path)?.isDirectory) return undefined;
    throw error;
  }
}

/**
 * Creates the directory and its parents. An existing directory keeps its mode.
 *
 * @param access `private`: a new directory is only for its owner, because layers of private images must not be
 * readable by every user; `public`: it may be read as far as the umask allows
 * @throws AppError `invalid_argument` if its name is taken by a file, `permission_denied`
 */
export async function makeRoot(root: string, access: "private" | "public"): Promise<void> {
  const mode = access === "private" ? PRIVATE_MODE : PUBLIC_MODE;
  let hasParent = true;
  try {
    if (makeDirectorySync(root, mode)) return;
  } catch (error) {
    if (!isMissing(error)) throw error;
    hasParent = false;
  }
  try {
    const options = { recursive: true, mode: PUBLIC_MODE };
    await attemptAsync("make directory", root, () => Deno.mkdir(root, options));
    // The recursive call gives the parents the same mode.
    if (!hasParent && access === "private") attempt("make directory", root, () => Deno.chmodSync(root, mode));
  } catch (error) {
    const isTaken = error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotADirectory;
    throw isTaken ? notADirectory(root, error) : error;
  }
}

function notADirectory(root: string, cause: unknown): AppError {
  return new AppError("invalid_argument", `Cannot open store "${root}": it is not a directory`, { cause });
}

/** Removes the temporary layout files of dead processes. No other process may be creating the layout. */
export async function removeTempFiles({ root }: StorePaths): Promise<void> {
  for (const { name } of await entriesIn(root)) {
    if (name.startsWith(TEMP_PREFIX)) removeQuietly(`${root}/${name}`);
  }
}

/**
 * Checks that the directory is a store, empty, or missing.
 *
 * @throws AppError `invalid_argument` if the directory contains other files, `unsupported` for another
 * version of the layout, `permission_denied` also if another user can change it
 */
export async function checkLayout(paths: StorePaths): Promise<void> {
  checkOwnership(paths);
  if (!await hasLayout(paths)) await mustBeEmpty(paths);
}

async function hasLayout(paths: StorePaths): Promise<boolean> {
  let bytes: Uint8Array;
  try {
    bytes = await attemptAsync("read", paths.layoutFile, () => Deno.readFile(paths.layoutFile));
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  const version = versionIn(bytes, paths.layoutFile);
  if (version === LAYOUT_VERSION) return true;
  throw new AppError(
    "unsupported",
    `Cannot open store "${paths.root}": its OCI layout version is "${version}", expected "${LAYOUT_VERSION}"`,
  );
}

function versionIn(bytes: Uint8Array, path: string): string {
  try {
    return String(parseJsonObject(bytes, `"${path}"`).imageLayoutVersion);
  } catch (cause) {
    throw new AppError(
      "store_corrupt",
      `Cannot open store: "${path}" is damaged, expected {"imageLayoutVersion":"${LAYOUT_VERSION}"}`,
      { cause, details: { path } },
    );
  }
}

async function mustBeEmpty(paths: StorePaths): Promise<void> {
  try {
    await attemptAsync("read", paths.root, async () => {
      for await (const { name } of Deno.readDir(paths.root)) {
        if (name === LOST_AND_FOUND || name.startsWith(TEMP_PREFIX)) continue;
        // Another process may be creating the store.
        if (await hasLayout(paths)) return;
        throw new AppError(
          "invalid_argument",
          `Cannot open store "${paths.root}": it contains other files ("${name}") and no oci-layout; choose a new or empty directory`,
        );
      }
    });
  } catch (error) {
    if (!isMissing(error)) throw error;
    if (!(error instanceof Deno.errors.NotFound)) throw notADirectory(paths.root, error);
  }
}

async function writeLayout({ root, layoutFile }: StorePaths): Promise<void> {
  const tempPath = `${root}/${TEMP_PREFIX}${crypto.randomUUID()}`;
  const bytes = new TextEncoder().encode(JSON.stringify({ imageLayoutVersion: LAYOUT_VERSION }));
  const options = { write: true, createNew: true, mode: LAYOUT_FILE_MODE };
  using file = attempt("write", tempPath, () => Deno.openSync(tempPath, options));
  attempt("write", tempPath, () => file.writeSync(bytes));
  await syncFile(file, tempPath);
  renameOver(tempPath, layoutFile);
}

/** Makes the store's own name durable, if the runtime's permissions allow opening its parent. */
async function syncParent(root: string): Promise<void> {
  try {
    const slash = root.lastIndexOf("/");
    await syncDirectory(slash < 0 ? "." : root.slice(0, slash) || "/");
  } catch (error) {
    if (!isCode(error, "permission_denied")) throw error;
  }
}
