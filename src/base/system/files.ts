/**
 * Atomic replacement of small files. Apart from `src/store/fs/fs.ts`, the only file that renames.
 *
 * @module
 */
import { isForeign, resolveOwnLinks } from "./ownership.ts";

/**
 * Replaces or creates the file at `path`. A reader sees the old bytes or the new ones, never a part of them,
 * even if the machine stops at any moment. Keeps the owner of the old file if the process may change owners,
 * so that a run by root doesn't lock users out of files in their own directories. Replaces a symbolic link at
 * `path` itself.
 * Two concurrent writers both succeed, and the last one wins.
 *
 * @param path its directory must exist
 * @param mode permission bits of the new file, 0o600 for secrets; a stricter umask applies
 * @throws the runtime's own errors (`Deno.errors.*`), with the old file unchanged
 */
export async function writeFileAtomically(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const tempPath = `${path}.${crypto.randomUUID()}.tmp`;
  // Opened before anything is written: a missing permission must not be discovered after the rename.
  using directory = await Deno.open(directoryOf(path));
  try {
    using file = await Deno.open(tempPath, { write: true, createNew: true, mode });
    await copyOwner(path, tempPath);
    for (let offset = 0; offset < bytes.length;) offset += await file.write(bytes.subarray(offset));
    await file.sync();
    await Deno.rename(tempPath, path);
  } catch (error) {
    await Deno.remove(tempPath).catch(() => {});
    throw error;
  }
  // Otherwise a power failure could undo the rename.
  await directory.sync();
}

/**
 * Only if the directory has the same owner: in a directory that others can write to, another user may have
 * planted the old file to get the new one's content.
 */
async function copyOwner(from: string, to: string): Promise<void> {
  const old = await Deno.lstat(from).catch(() => undefined);
  if (old === undefined || !old.isFile || old.uid === null || old.gid === null) return;
  const [current, directory] = await Promise.all([Deno.lstat(to), Deno.stat(directoryOf(from))]);
  if (directory.uid !== old.uid || (current.uid === old.uid && current.gid === old.gid)) return;
  // Unlike `Deno.chown`, doesn't follow a link: the directory's owner may replace the temporary file by one.
  const { default: node } = await import("node:fs");
  try {
    node.lchownSync(to, old.uid, old.gid);
  } catch {
    return;
  }
}

/** A stricter umask applies. */
const NEW_FILE_MODE = 0o644;

/**
 * A file that gets its name when it is complete. Dispose it on every path: that removes a file without a
 * commit.
 */
export interface TempFile extends AsyncDisposable {
  /** Writes all of the bytes. */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the file durable and renames it to its path. */
  commit(): Promise<void>;
}

/**
 * Opens a temporary file next to `path`. A symbolic link at `path` stays: the file that it points to is
 * replaced. A link that another user may have planted is refused. A new file gets 0o644 and an existing one keeps
 * its permission bits, both as far as the umask allows.
 *
 * @throws AppError as {@linkcode resolveOwnLinks}; the runtime's own errors (`Deno.errors.*`), from the returned
 * file too; the old file is unchanged
 */
export async function openTempFile(path: string): Promise<TempFile> {
  const target = resolveOwnLinks(path);
  const mode = await modeOf(target);
  const tempPath = `${target}.${crypto.randomUUID()}.tmp`;
  const file = await Deno.open(tempPath, { write: true, createNew: true, mode });
  let state: "open" | "committed" | "closed" = "open";
  return {
    async write(bytes) {
      for (let offset = 0; offset < bytes.length;) offset += await file.write(bytes.subarray(offset));
    },
    async commit() {
      await file.sync();
      await Deno.rename(tempPath, target);
      state = "committed";
      using directory = await Deno.open(directoryOf(target));
      await directory.sync();
    },
    async [Symbol.asyncDispose]() {
      if (state === "closed") return;
      file.close();
      if (state === "open") await Deno.remove(tempPath).catch(() => {});
      state = "closed";
    },
  };
}

/** Not the mode of another user's file: it may let that user write to ours. */
async function modeOf(path: string): Promise<number> {
  const old = await Deno.lstat(path).catch(() => undefined);
  if (old === undefined || !old.isFile || old.mode === null || isForeign(old)) return NEW_FILE_MODE;
  return old.mode & 0o777;
}

function directoryOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, slash) || "/";
}

/**
 * Renames a finished directory. Replaces an empty directory of the new name.
 *
 * @throws the runtime's own errors, for example if the new name is taken or is a mount point
 */
export function moveDirectory(from: string, to: string): void {
  Deno.renameSync(from, to);
}
