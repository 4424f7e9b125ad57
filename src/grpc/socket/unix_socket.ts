/**
 * Listens on a Unix socket, and deletes its file afterwards.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { findSocketOwner, readOwner, recordOwner, removeOwner } from "./socket_owner.ts";

/** Options of {@linkcode listenUnix}. */
export interface UnixSocketOptions {
  /** The absolute path of the socket. `PATH.tmp` is used temporarily; `PATH.pid` records the process. */
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

/**
 * Listens on a socket. A stale file, whose process has ended, is replaced by a rename: clients always see either the
 * old file or the new one with its final mode.
 *
 * @throws AppError `busy` if another process listens on the path, `already_exists` if the file isn't a socket
 */
export async function listenUnix(options: UnixSocketOptions): Promise<UnixSocket> {
  const { path } = options;
  const boundPath = `${path}.tmp`;
  await refuseActive(path, [path, boundPath]);
  // Another process that is starting may listen on the temporary path.
  if (await refuseActive(boundPath, [boundPath])) Deno.removeSync(boundPath);
  const listener = Deno.listen({ transport: "unix", path: boundPath });
  try {
    Deno.chmodSync(boundPath, options.mode ?? 0o660);
    if (options.groupId !== undefined) Deno.chownSync(boundPath, null, options.groupId);
    const ours = Deno.lstatSync(boundPath);
    Deno.renameSync(boundPath, path);
    recordOwner(path, ours);
    return { listener, unlink: () => unlinkIfSame(path, ours) };
  } catch (error) {
    listener.close();
    throw error;
  }
}

/** Reports whether the path is a stale socket; throws if a process listens on it, or if it isn't a socket. */
async function refuseActive(path: string, names: readonly string[]): Promise<boolean> {
  const info = statIfThere(path);
  if (!info) return false;
  if (!info.isSocket) {
    throw new AppError("already_exists", `Cannot listen on "${path}": the file isn't a socket`);
  }
  if (!await isListening(path)) return true;
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
