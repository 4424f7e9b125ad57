/**
 * Reading a tar archive as the files in it.
 *
 * @module
 */
import type { ByteReader } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { DEFAULT_EXPANSION } from "../../compress/limits.ts";
import { openDecodingReader } from "../../compress/decoding_reader.ts";
import { DEFAULT_TAR_LIMITS } from "../../tar/limits.ts";
import { TarReader } from "../../tar/reader.ts";
import type { ArchiveSource } from "../../content/archive_source.ts";

/**
 * Reads an archive: plain, gzip or zstd. What is neither file nor link is passed over.
 *
 * @throws AppError `invalid_content`, `limit_exceeded`
 */
export async function* tarFiles(source: ByteReader, signal: AbortSignal): ArchiveSource {
  using plain = await openDecodingReader(source, DEFAULT_EXPANSION);
  const tar = new TarReader(plain, DEFAULT_TAR_LIMITS);
  for (;;) {
    const entry = await tar.nextEntry(signal);
    if (entry === undefined) return;
    const name = cleanPath(entry.name);
    if (entry.kind === "file") yield { kind: "file", name, size: entry.size, reader: tar };
    else if (entry.kind === "hardlink") yield { kind: "link", name, target: cleanPath(entry.target) };
    else if (entry.kind === "symlink") {
      const folder = name.includes("/") ? name.slice(0, name.lastIndexOf("/") + 1) : "";
      yield { kind: "link", name, target: cleanPath(folder + entry.target) };
    }
  }
}

/**
 * The path without `.` and `..`. It is only ever looked up among other names of the archive, never opened.
 *
 * @throws AppError `invalid_content` for a path that leaves the archive
 */
export function cleanPath(path: string): string {
  const steps: string[] = [];
  for (const step of path.split("/")) {
    if (step === "" || step === ".") continue;
    if (step !== "..") steps.push(step);
    else if (steps.pop() === undefined) {
      throw new AppError(
        "invalid_content",
        `Cannot import ${JSON.stringify(path)}: its path leaves the archive`,
      );
    }
  }
  return steps.join("/");
}
