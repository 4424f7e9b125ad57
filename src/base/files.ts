/**
 * Replacing small files whole. Beside `src/store/fs/fs.ts` the only file that renames.
 *
 * @module
 */

/**
 * Replaces the file at `path`, or makes it: a reader, and a machine that stops at any moment, sees the old bytes or
 * the new ones and never a part. The owner of the file that it replaces is kept where the process may give files
 * away, so that a run by root does not lock a user out of his own file. A symbolic link at `path` is replaced
 * itself. Two writers at once both succeed, and the last one wins.
 *
 * @param path its folder must be there
 * @param mode permission bits of the new file, whatever the umask: 0o600 for what holds secrets
 * @throws the runtime's own errors (`Deno.errors.*`), with the old file as it was
 */
export async function writeFileAtomically(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const aside = `${path}.${crypto.randomUUID()}.tmp`;
  // Opened before anything is written: a missing permission must not come up after the rename.
  using folder = await Deno.open(folderOf(path));
  try {
    using file = await Deno.open(aside, { write: true, createNew: true, mode });
    await Deno.chmod(aside, mode);
    await keepOwner(path, aside);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.sync();
    await Deno.rename(aside, path);
  } catch (error) {
    await Deno.remove(aside).catch(() => {});
    throw error;
  }
  // Without it the new name may be lost when the machine stops.
  await folder.sync();
}

async function keepOwner(from: string, to: string): Promise<void> {
  const old = await Deno.stat(from).catch(() => undefined);
  if (old === undefined || old.uid === null) return;
  const made = await Deno.stat(to);
  if (made.uid === old.uid && made.gid === old.gid) return;
  await Deno.chown(to, old.uid, old.gid).catch(() => {});
}

/** A new file that has its name only when it is whole. Dispose it on every path: what was not committed is removed. */
export interface TempFile extends AsyncDisposable {
  /** Takes all of the bytes. */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes it durable, and gives it its name. */
  commit(): Promise<void>;
}

/**
 * Opens a file to be written beside `path`. A symbolic link at `path` keeps its place: what it points at is replaced.
 *
 * @throws the runtime's own errors (`Deno.errors.*`), also later, with the old file as it was
 */
export async function openTempFile(path: string): Promise<TempFile> {
  const target = await Deno.realPath(path).catch(() => path);
  const aside = `${target}.${crypto.randomUUID()}.tmp`;
  const file = await Deno.open(aside, { write: true, createNew: true });
  let state: "open" | "committed" | "gone" = "open";
  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    },
    async commit() {
      const old = await Deno.stat(target).catch(() => undefined);
      if (old?.mode !== null && old?.mode !== undefined) await Deno.chmod(aside, old.mode & 0o7777);
      await file.sync();
      await Deno.rename(aside, target);
      state = "committed";
      using folder = await Deno.open(folderOf(target));
      await folder.sync();
    },
    async [Symbol.asyncDispose]() {
      if (state === "gone") return;
      file.close();
      if (state === "open") await Deno.remove(aside).catch(() => {});
      state = "gone";
    },
  };
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, slash) || "/";
}

/**
 * Gives a finished directory its name, in one step. An empty directory of that name gives way.
 *
 * @throws what the system says, such as a name that is taken or a mount point
 */
export function moveDirectory(from: string, to: string): void {
  Deno.renameSync(from, to);
}
