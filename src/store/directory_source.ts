/**
 * A directory with an image layout or an unpacked archive, as the source of an import.
 *
 * @module
 */
import type { ArchiveSource } from "../content/archive_source.ts";
import { attempt } from "./fs/fs_errors.ts";
import { entriesIn } from "./fs/file_snapshot.ts";

/** The depth of `blobs/sha256/HEX`, the deepest path of a layout. */
const DEPTH_MAX = 3;

/**
 * Returns every file of a directory. Links are returned, not followed, so that nothing outside the directory
 * is read.
 *
 * @throws AppError `permission_denied`, the signal's reason
 */
export async function* directoryFiles(root: string, signal: AbortSignal): ArchiveSource {
  yield* filesBelow(root, "", 1, signal);
}

async function* filesBelow(root: string, prefix: string, depth: number, signal: AbortSignal): ArchiveSource {
  for (const entry of await entriesIn(`${root}/${prefix}`)) {
    signal.throwIfAborted();
    const name = prefix + entry.name;
    const path = `${root}/${name}`;
    if (entry.isDirectory && depth < DEPTH_MAX) yield* filesBelow(root, `${name}/`, depth + 1, signal);
    else if (entry.isSymlink) {
      const target = attempt("read", path, () => Deno.readLinkSync(path));
      yield { kind: "link", name, target: normalizePath(prefix + target) };
    } else if (entry.isFile) {
      using file = attempt("read", path, () => Deno.openSync(path, { read: true }));
      yield { kind: "file", name, size: file.statSync().size, reader: file };
    }
  }
}

/** Resolves `.` and `..` in a relative path; `..` never leads above the root. */
function normalizePath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return segments.join("/");
}
