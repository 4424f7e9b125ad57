/**
 * Making a tree durable in one call. The order of sync, marker and rename is the store's; this is the one call of it
 * that needs libc.
 *
 * @module
 */
import { fsError } from "./fs_error.ts";
import { C, cString, openLibc } from "./libc.ts";

/**
 * Makes all that was written on the file system of `path` durable: one call instead of one per file.
 *
 * @returns false without libc: then each file and directory must be synced by itself
 * @throws AppError what the disk says when it can't
 */
export function syncFilesystem(path: string): boolean {
  using libc = openLibc();
  if (libc === undefined) return false;
  const fd = libc.call.openat(C.AT_FDCWD, cString(path), C.O_RDONLY | C.O_CLOEXEC, 0);
  if (fd < 0) throw fsError("sync", path, libc.errno());
  const result = libc.call.syncfs(fd);
  const errno = result < 0 ? libc.errno() : "";
  libc.call.close(fd);
  if (result < 0) throw fsError("sync", path, errno);
  return true;
}
