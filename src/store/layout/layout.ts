/**
 * Making a store, and recognising one (OCI image spec 1.1, image-layout.md).
 *
 * @module
 */
import { AppError, isCode } from "../../base/errors.ts";
import { parseJsonObject } from "../../oci/json.ts";
import { makeDirectorySync, removeQuietly, renameOver, syncDirectory, syncFile } from "../fs/fs.ts";
import { attempt, attemptAsync } from "../fs/fs_errors.ts";
import { isMissing } from "../../base/os_errors.ts";
import { entriesIn, statIfThere } from "../fs/file_snapshot.ts";
import type { StorePaths } from "./paths.ts";

const LAYOUT_VERSION = "1.0.0";
/** A layout marker on its way; left behind by a process that died while it made the store. */
const ASIDE_PREFIX = ".oci-layout-";
/** What a fresh file system has. */
const LOST_AND_FOUND = "lost+found";

const PUBLIC_MODE = 0o755;
/** Unpacked layers have set-user-id programs of any origin: other users must not get at them (CVE-2021-41103). */
const PRIVATE_MODE = 0o700;

const DIRECTORIES = [
  ["blobs", PUBLIC_MODE],
  ["locks", PUBLIC_MODE],
  ["ingest", PRIVATE_MODE],
  ["layers", PRIVATE_MODE],
] as const;

/**
 * Makes what is missing of a store, the index aside.
 *
 * @throws AppError `invalid_argument` for a folder that is something else, `unsupported` for a layout of another
 * version, `permission_denied`, `no_space`
 */
export async function makeLayout(paths: StorePaths): Promise<void> {
  await makeRoot(paths.root);
  if (!await hasLayout(paths)) {
    await mustBeEmpty(paths);
    await writeLayout(paths);
  }
  // The index comes last: without it, whoever made the rest may have died before it was on the disk.
  const isNew = statIfThere(paths.indexFile) === undefined;
  if (paths.work !== paths.root) makeDirectorySync(paths.work, PRIVATE_MODE);
  const made = DIRECTORIES.map(([name, mode]) => makeDirectorySync(paths[name], mode));
  const blobs = makeDirectorySync(`${paths.blobs}/sha256`, PUBLIC_MODE);
  // At once: a first pull waits for them, and nobody counts on anything here before all of it is on the disk.
  await Promise.all([
    isNew || made.includes(true) ? syncDirectory(paths.root) : undefined,
    isNew ? syncParent(paths.root) : undefined,
    isNew || blobs ? syncDirectory(paths.blobs) : undefined,
  ]);
}

/** Makes the folder. @throws AppError `invalid_argument` if something else has its name, `permission_denied` */
export async function makeRoot(root: string): Promise<void> {
  try {
    await attemptAsync("make directory", root, () => Deno.mkdir(root, { recursive: true }));
  } catch (error) {
    const isTaken = error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotADirectory;
    throw isTaken ? notAFolder(root, error) : error;
  }
}

function notAFolder(root: string, cause: unknown): AppError {
  return new AppError("invalid_argument", `Cannot open store "${root}": it is not a folder`, { cause });
}

/** Removes what processes left that died while they made a layout. Nobody may be making one just now. */
export async function removeTempFiles({ root }: StorePaths): Promise<void> {
  for (const { name } of await entriesIn(root)) {
    if (name.startsWith(ASIDE_PREFIX)) removeQuietly(`${root}/${name}`);
  }
}

/**
 * Checks that there is a store to read, or nothing at all.
 *
 * @throws AppError `invalid_argument` for a folder that is something else, `unsupported` for a layout of another version,
 * `permission_denied`
 */
export async function checkLayout(paths: StorePaths): Promise<void> {
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
    `Cannot open store "${paths.root}": its OCI layout version is "${version}", want "${LAYOUT_VERSION}"`,
  );
}

function versionIn(bytes: Uint8Array, path: string): string {
  try {
    return String(parseJsonObject(bytes, `"${path}"`).imageLayoutVersion);
  } catch (cause) {
    throw new AppError(
      "store_corrupt",
      `Cannot open store: "${path}" is damaged, want {"imageLayoutVersion":"${LAYOUT_VERSION}"}`,
      { cause, details: { path } },
    );
  }
}

async function mustBeEmpty(paths: StorePaths): Promise<void> {
  try {
    await attemptAsync("read", paths.root, async () => {
      for await (const { name } of Deno.readDir(paths.root)) {
        if (name === LOST_AND_FOUND || name.startsWith(ASIDE_PREFIX)) continue;
        // Another process may be making the store just now.
        if (await hasLayout(paths)) return;
        throw new AppError(
          "invalid_argument",
          `Cannot open store "${paths.root}": the folder has other files ("${name}") and no oci-layout, want an empty or a new one`,
        );
      }
    });
  } catch (error) {
    if (!isMissing(error)) throw error;
    if (!(error instanceof Deno.errors.NotFound)) throw notAFolder(paths.root, error);
  }
}

async function writeLayout({ root, layoutFile }: StorePaths): Promise<void> {
  const aside = `${root}/${ASIDE_PREFIX}${crypto.randomUUID()}`;
  const bytes = new TextEncoder().encode(JSON.stringify({ imageLayoutVersion: LAYOUT_VERSION }));
  using file = attempt("write", aside, () => Deno.openSync(aside, { write: true, createNew: true }));
  attempt("write", aside, () => file.writeSync(bytes));
  await syncFile(file, aside);
  renameOver(aside, layoutFile);
}

/** Makes the store's own name durable, where the runtime lets us open the folder that it stands in. */
async function syncParent(root: string): Promise<void> {
  try {
    const slash = root.lastIndexOf("/");
    await syncDirectory(slash < 0 ? "." : root.slice(0, slash) || "/");
  } catch (error) {
    if (!isCode(error, "permission_denied")) throw error;
  }
}
