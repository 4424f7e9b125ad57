/**
 * Listening on a Unix socket, and leaving it as one should.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { findSocketHolder, forgetHolder, readHolder, recordHolder } from "./socket_holder.ts";

/** A socket to listen on. */
export interface UnixSocketOptions {
  /** Its absolute path. `PATH.tmp` is used for a moment, too, and `PATH.pid` tells who listens. */
  readonly path: string;
  /** Permission bits. @default {0o660} */
  readonly mode?: number;
  /** The group that owns it; without it, the process's. */
  readonly groupId?: number;
}

/** A socket that is listened on. */
export interface UnixSocket {
  /** To be served. Whoever serves it closes it. */
  readonly listener: Deno.Listener;
  /**
   * Removes the file, unless another process has put its own in the place since. Closing the listener doesn't: it
   * was bound under another name.
   */
  unlink(): void;
}

/**
 * Listens on a socket. A stale file (its process is gone) is replaced; clients see either the old file or the new
 * one with its final mode, never none and never an open one.
 *
 * @throws AppError `busy` if a living process listens there, `already_exists` if the path is no socket
 */
export async function listenUnix(options: UnixSocketOptions): Promise<UnixSocket> {
  const { path } = options;
  const boundPath = `${path}.tmp`;
  await refuseLiving(path, [path, boundPath]);
  // A living one under this name is a process that is just about to take the path.
  if (await refuseLiving(boundPath, [boundPath])) Deno.removeSync(boundPath);
  const listener = Deno.listen({ transport: "unix", path: boundPath });
  try {
    Deno.chmodSync(boundPath, options.mode ?? 0o660);
    if (options.groupId !== undefined) Deno.chownSync(boundPath, null, options.groupId);
    const ours = Deno.lstatSync(boundPath);
    Deno.renameSync(boundPath, path);
    recordHolder(path, ours);
    return { listener, unlink: () => unlinkIfSame(path, ours) };
  } catch (error) {
    listener.close();
    throw error;
  }
}

/** Whether a stale socket is there; throws if it is alive, or something else. */
async function refuseLiving(path: string, names: readonly string[]): Promise<boolean> {
  const info = statIfThere(path);
  if (!info) return false;
  if (!info.isSocket) {
    throw new AppError("already_exists", `Cannot listen on "${path}": the file there is not a socket`);
  }
  if (!await isAlive(path)) return true;
  // A program that gave up permissions may not look into /proc, but it may read what a program like it has noted.
  const holder = await findSocketHolder(names) ?? readHolder(path, info) ?? "another process";
  throw new AppError("busy", `Cannot listen on "${path}": ${holder} listens there`, { details: { path } });
}

async function isAlive(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch (error) {
    // Refused: nobody listens. Not found: it went in the meantime. Anything else says nothing about its life.
    if (error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function unlinkIfSame(path: string, ours: Deno.FileInfo): void {
  const info = statIfThere(path);
  if (info && info.dev === ours.dev && info.ino === ours.ino) {
    Deno.removeSync(path);
    forgetHolder(path);
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
