/**
 * Listens on a Unix socket, and deletes its file afterwards.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { findSocketOwner, readOwner, RECORD_NAME, recordOwner, removeOwner } from "./socket_owner.ts";

/** Options of {@linkcode listenUnix}. */
export interface UnixSocketOptions {
  /**
   * The absolute path of the socket. The directory `PATH.t` is used temporarily, with a socket `s`; `PATH.pid` records
   * the process.
   */
  readonly path: string;
  /** Permission bits. @default {0o660} */
  readonly mode?: number;
  /** The group of the file. @default the group of the process */
  readonly groupId?: number;
}

/** A listening socket. */
export interface UnixSocket {
  /** The listener, which the caller closes. */
  readonly listener: Deno.Listener;
  /**
   * Deletes the file, unless another process has replaced it. Closing the listener doesn't delete it, because the
   * socket was bound to another path.
   */
  unlink(): void;
}

/** The name of the socket inside its temporary directory. */
const BOUND_NAME = "s";
/** The longest address of a Unix socket (unix(7)), without the terminating zero. */
const ADDRESS_MAX_BYTES = 107;

/**
 * Listens on a socket. A stale file, whose process has ended, is replaced by a rename: clients always see either the
 * old file or the new one with its final mode. Until then, the socket is in a directory that only this user can search,
 * because `bind` creates it with the mode that the umask leaves.
 *
 * @throws AppError `busy` if another process listens on the path, `already_exists` if the file isn't a socket, or if
 * `PATH.t` isn't left over from an interrupted start, `invalid_argument` if the path is too long
 */
export async function listenUnix(options: UnixSocketOptions): Promise<UnixSocket> {
  const { path } = options;
  const directory = `${path}.t`;
  const boundPath = `${directory}/${BOUND_NAME}`;
  checkLength(path, boundPath);
  await refuseActive(path, [path, boundPath]);
  await makePrivateDirectory(directory, boundPath);
  try {
    const listener = Deno.listen({ transport: "unix", path: boundPath });
    try {
      Deno.chmodSync(boundPath, options.mode ?? 0o660);
      if (options.groupId !== undefined) Deno.chownSync(boundPath, null, options.groupId);
      const ours = Deno.lstatSync(boundPath);
      Deno.renameSync(boundPath, path);
      recordOwner(path, ours, directory);
      return { listener, unlink: () => unlinkIfSame(path, ours) };
    } catch (error) {
      listener.close();
      throw error;
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function checkLength(path: string, boundPath: string): void {
  const excess = new TextEncoder().encode(boundPath).length - ADDRESS_MAX_BYTES;
  if (excess <= 0) return;
  const bytes = new TextEncoder().encode(path).length;
  throw new AppError(
    "invalid_argument",
    `Cannot listen on "${path}": the path has ${bytes} bytes; use one of at most ${bytes - excess}`,
  );
}

/** Creates the directory. Replaces the one of a process that was killed while it started. */
async function makePrivateDirectory(directory: string, boundPath: string): Promise<void> {
  const found = statIfThere(directory);
  if (found) {
    const names = found.isDirectory ? [...Deno.readDirSync(directory)].map(({ name }) => name) : undefined;
    if (names === undefined || names.some((name) => name !== BOUND_NAME && name !== RECORD_NAME)) {
      throw new AppError(
        "already_exists",
        `Cannot create directory "${directory}": the name is in use; delete or rename it`,
      );
    }
    await refuseActive(boundPath, [boundPath]);
    // Recursive, because that deletes a link itself, never the files of the directory to which it points.
    Deno.removeSync(directory, { recursive: true });
  }
  // Fails if the name exists, even as a link, so that the directory is always ours.
  Deno.mkdirSync(directory, { mode: 0o700 });
}

/** Does nothing for a stale socket; throws if a process listens on it, or if it isn't a socket. */
async function refuseActive(path: string, names: readonly string[]): Promise<void> {
  const info = statIfThere(path);
  if (!info) return;
  if (!info.isSocket) {
    throw new AppError("already_exists", `Cannot listen on "${path}": the file isn't a socket`);
  }
  if (!await isListening(path)) return;
  // A process that has dropped permissions can't read /proc, but it can read the record of the other process.
  const owner = await findSocketOwner(names) ?? readOwner(path, info) ?? "another process";
  throw new AppError("busy", `Cannot listen on "${path}": in use by ${owner}`, { details: { path } });
}

async function isListening(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch (error) {
    // Refused: no process listens. Not found: the file was deleted meanwhile. Other errors don't decide it.
    if (error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function unlinkIfSame(path: string, ours: Deno.FileInfo): void {
  const info = statIfThere(path);
  if (info && info.dev === ours.dev && info.ino === ours.ino) {
    Deno.removeSync(path);
    removeOwner(path);
  }
}

function statIfThere(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
