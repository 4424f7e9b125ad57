/**
 * Finds the process that listens on a Unix socket, for error messages.
 *
 * @module
 */

/**
 * Returns the process that listens on one of the paths, as `pid 12 (dray)`; undefined if `/proc` doesn't show it.
 *
 * @param paths the path of the socket, and the path that it was bound to before a rename
 */
export async function findSocketOwner(paths: readonly string[]): Promise<string | undefined> {
  try {
    const inodes = await listeningInodes(paths);
    if (inodes.size === 0) return undefined;
    for await (const entry of Deno.readDir("/proc")) {
      if (/^\d+$/.test(entry.name) && await hasSocket(entry.name, inodes)) return await describe(entry.name);
    }
  } catch {
    // /proc doesn't exist or isn't readable.
  }
  return undefined;
}

/** Reads `/proc/net/unix`. The columns are: number, references, protocol, flags, type, state, inode, path. */
async function listeningInodes(paths: readonly string[]): Promise<ReadonlySet<string>> {
  const inodes = new Set<string>();
  for (const line of (await Deno.readTextFile("/proc/net/unix")).split("\n")) {
    const [, , , , , state, inode, ...path] = line.trim().split(/\s+/);
    // State 01 is "unconnected", which includes listening sockets.
    if (state === "01" && inode !== undefined && paths.includes(path.join(" "))) inodes.add(inode);
  }
  return inodes;
}

async function hasSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  try {
    for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(await Deno.readLink(`/proc/${pid}/fd/${name}`))?.[1];
      if (inode !== undefined && inodes.has(inode)) return true;
    }
  } catch {
    // The process belongs to another user or has just ended.
  }
  return false;
}

async function describe(pid: string): Promise<string> {
  const name = (await Deno.readTextFile(`/proc/${pid}/comm`)).trim();
  return `pid ${pid} (${name})`;
}

/** The file in which a process records that it owns the socket, for processes without access to /proc. */
function pidFileOf(path: string): string {
  return `${path}.pid`;
}

/** The name of the record while it is written, inside the socket's temporary directory. */
export const RECORD_NAME = "pid";
/** A record has two numbers. */
const RECORD_MAX_BYTES = 64;

/**
 * Records that this process listens on a socket. Failures are ignored: only an error message needs the file.
 *
 * @param directory a directory that only this user can write. A file that is created there and renamed replaces a link
 * at `PATH.pid`; writing to `PATH.pid` would overwrite the file to which the link points.
 */
export function recordOwner(path: string, socket: Deno.FileInfo, directory: string): void {
  const newPath = `${directory}/${RECORD_NAME}`;
  try {
    Deno.writeTextFileSync(newPath, `${Deno.pid} ${socket.ino}\n`, { createNew: true });
    Deno.chmodSync(newPath, 0o644);
    Deno.renameSync(newPath, pidFileOf(path));
  } catch {
    return;
  }
}

/**
 * Returns the recorded owner, as `pid 12`; undefined if the record is missing, belongs to another socket, or is anything
 * but a small file: reading a FIFO that another user has put there would never end.
 */
export function readOwner(path: string, socket: Deno.FileInfo): string | undefined {
  try {
    const { isFile, size } = Deno.lstatSync(pidFileOf(path));
    if (!isFile || size > RECORD_MAX_BYTES) return undefined;
    const [, pid, inode] = /^(\d+) (\d+)\n$/.exec(Deno.readTextFileSync(pidFileOf(path))) ?? [];
    return inode === String(socket.ino) ? `pid ${pid}` : undefined;
  } catch {
    return undefined;
  }
}

/** Deletes the record. */
export function removeOwner(path: string): void {
  try {
    Deno.removeSync(pidFileOf(path));
  } catch {
    return;
  }
}
