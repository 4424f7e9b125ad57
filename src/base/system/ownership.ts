/**
 * Owners of files, and symbolic links that another user may have planted.
 *
 * @module
 */
import { AppError } from "../errors.ts";
import { isMissing } from "./os_errors.ts";

/** The kernel follows the same number of symbolic links in one path (path_resolution(7)). */
const LINKS_MAX = 40;

let knownUid: number | undefined;

/**
 * The user id of this process; undefined if the system has none or the runtime denies it. Keeps the first
 * result: the command line drops the permission at startup.
 */
export function findUid(): number | undefined {
  if (
    knownUid === undefined && Deno.permissions.querySync({ name: "sys", kind: "uid" }).state === "granted"
  ) {
    knownUid = Deno.uid() ?? undefined;
  }
  return knownUid;
}

/** Whether a file belongs to a user other than root and the current one. False if the user id is unknown. */
export function isForeign({ uid }: Deno.FileInfo): boolean {
  const current = findUid();
  return uid !== null && uid !== 0 && current !== undefined && uid !== current;
}

/** Whether every user may write to a file, or create and remove names in a directory. */
export function isWritableByAll({ mode }: Deno.FileInfo): boolean {
  return mode !== null && (mode & 0o002) !== 0;
}

/**
 * Resolves all symbolic links of a path that is about to be written, and refuses those that another user may
 * have planted: the last segment must not be a link of another user, nor may an earlier one in a directory
 * that every user may write to. The kernel applies the second rule only if `fs.protected_symlinks` is set, and
 * never when a link is read instead of followed (`realpath`).
 *
 * @returns a path without links; the end of it may not exist
 * @throws AppError `permission_denied` for a refused link, `invalid_argument` for a loop of links
 */
export function resolveOwnLinks(path: string): string {
  const remaining = segmentsOf(path);
  let resolved = path.startsWith("/") ? "/" : "";
  for (let links = 0; remaining.length > 0;) {
    const segment = remaining.shift() ?? "";
    if (segment === "..") {
      resolved = parentOf(resolved);
      continue;
    }
    const next = resolved === "" || resolved === "/" ? resolved + segment : `${resolved}/${segment}`;
    const info = lstatIfPossible(next);
    if (info?.isSymlink !== true) {
      resolved = next;
      continue;
    }
    if (isPlanted(info, resolved || ".", remaining.length === 0)) throw plantedError(path, next, info);
    if (++links > LINKS_MAX) throw loopError(path);
    const target = Deno.readLinkSync(next);
    if (target.startsWith("/")) resolved = "/";
    remaining.unshift(...segmentsOf(target));
  }
  return resolved || ".";
}

function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "" && segment !== ".");
}

/** Goes up from a path without links. */
function parentOf(path: string): string {
  if (path === "" || path === ".." || path.endsWith("/..")) return path === "" ? ".." : `${path}/..`;
  const slash = path.lastIndexOf("/");
  return slash > 0 ? path.slice(0, slash) : path.slice(0, slash + 1);
}

/**
 * Undefined if the path is missing, or if the runtime denies access. The runtime always denies access to
 * `/proc`, and no user can plant links there.
 */
function lstatIfPossible(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isMissing(error) || error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

function isPlanted(link: Deno.FileInfo, parent: string, isLast: boolean): boolean {
  const uid = findUid();
  if (link.uid === null || link.uid === 0 || link.uid === uid) return false;
  if (isLast && uid !== undefined) return true;
  const directory = lstatIfPossible(parent);
  return directory === undefined || (isWritableByAll(directory) && directory.uid !== link.uid);
}

function plantedError(path: string, link: string, { uid }: Deno.FileInfo): AppError {
  return new AppError(
    "permission_denied",
    `Cannot write to "${path}": "${link}" is a symbolic link of another user (uid ${uid}); remove it or choose another path`,
    { details: { path: link } },
  );
}

function loopError(path: string): AppError {
  return new AppError(
    "invalid_argument",
    `Cannot write to "${path}": it has more than ${LINKS_MAX} symbolic links; choose another path`,
    { details: { path } },
  );
}
