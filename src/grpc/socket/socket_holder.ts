/**
 * Who listens on a Unix socket.
 *
 * @module
 */

/**
 * The process that listens on one of the paths, as `pid 12 (dray)`; undefined where the kernel doesn't say, or we
 * may not ask: it serves an error message only.
 *
 * @param paths the socket's path and the name that it was bound under, before a rename
 */
export async function findSocketHolder(paths: readonly string[]): Promise<string | undefined> {
  try {
    const inodes = await listeningInodes(paths);
    if (inodes.size === 0) return undefined;
    for await (const entry of Deno.readDir("/proc")) {
      if (/^\d+$/.test(entry.name) && await holds(entry.name, inodes)) return await describe(entry.name);
    }
  } catch {
    // No /proc, or no permission to read it.
  }
  return undefined;
}

/** Inodes from the kernel's table: columns are number, references, protocol, flags, type, state, inode, path. */
async function listeningInodes(paths: readonly string[]): Promise<ReadonlySet<string>> {
  const inodes = new Set<string>();
  for (const line of (await Deno.readTextFile("/proc/net/unix")).split("\n")) {
    const [, , , , , state, inode, ...path] = line.trim().split(/\s+/);
    // State 01 is a socket that is not connected: the listening one.
    if (state === "01" && inode !== undefined && paths.includes(path.join(" "))) inodes.add(inode);
  }
  return inodes;
}

async function holds(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  try {
    for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(await Deno.readLink(`/proc/${pid}/fd/${name}`))?.[1];
      if (inode !== undefined && inodes.has(inode)) return true;
    }
  } catch {
    // Another user's process, or one that has just ended.
  }
  return false;
}

async function describe(pid: string): Promise<string> {
  const name = (await Deno.readTextFile(`/proc/${pid}/comm`)).trim();
  return `pid ${pid} (${name})`;
}

/** Where a process notes that a socket is its own: for those that may not look into /proc. */
function noteOf(path: string): string {
  return `${path}.pid`;
}

/** Notes that this process listens on a socket. Only an error message wants it, so a failure is none. */
export function recordHolder(path: string, socket: Deno.FileInfo): void {
  try {
    Deno.writeTextFileSync(noteOf(path), `${Deno.pid} ${socket.ino}\n`);
  } catch {
    return;
  }
}

/** Who noted that the socket is its own, as `pid 12`; undefined for a note about another socket of that name. */
export function readHolder(path: string, socket: Deno.FileInfo): string | undefined {
  try {
    const [pid, inode] = Deno.readTextFileSync(noteOf(path)).trim().split(" ");
    return inode === String(socket.ino) ? `pid ${pid}` : undefined;
  } catch {
    return undefined;
  }
}

/** Takes the note away. */
export function forgetHolder(path: string): void {
  try {
    Deno.removeSync(noteOf(path));
  } catch {
    return;
  }
}
