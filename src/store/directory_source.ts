/**
 * A folder that is an image layout, or an archive that somebody unpacked, as a source for an import.
 *
 * @module
 */
import type { ArchiveSource } from "../content/archive_source.ts";
import { attempt } from "./fs/fs_errors.ts";
import { entriesIn } from "./fs/file_snapshot.ts";

/** `blobs/sha256/HEX` is the deepest that a layout goes. */
const DEPTH_MAX = 3;

/**
 * Gives every file of a folder. Links are told and not followed, so nothing outside the folder is read.
 *
 * @throws AppError `permission_denied`, the signal's reason
 */
export async function* directoryFiles(root: string, signal: AbortSignal): ArchiveSource {
  yield* filesBelow(root, "", 1, signal);
}

async function* filesBelow(root: string, prefix: string, depth: number, signal: AbortSignal): ArchiveSource {
  const folder = `${root}/${prefix}`;
  for (const entry of await entriesIn(folder)) {
    signal.throwIfAborted();
    const name = prefix + entry.name;
    const path = `${root}/${name}`;
    if (entry.isDirectory && depth < DEPTH_MAX) yield* filesBelow(root, `${name}/`, depth + 1, signal);
    else if (entry.isSymlink) {
      const target = attempt("read", path, () => Deno.readLinkSync(path));
      yield { kind: "link", name, target: withoutDots(prefix + target) };
    } else if (entry.isFile) {
      using file = attempt("read", path, () => Deno.openSync(path, { read: true }));
      yield { kind: "file", name, size: file.statSync().size, reader: file };
    }
  }
}

/** A relative path in short; one that leaves the folder names nothing in it. */
function withoutDots(path: string): string {
  const steps: string[] = [];
  for (const step of path.split("/")) {
    if (step === "..") steps.pop();
    else if (step !== "" && step !== ".") steps.push(step);
  }
  return steps.join("/");
}
