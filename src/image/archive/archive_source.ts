/**
 * Reading the files of a tar archive.
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
 * Yields the files and links of a tar archive, which can be compressed with gzip or zstd. Skips all other entries. Read
 * each file before requesting the next entry.
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
      const parent = name.includes("/") ? name.slice(0, name.lastIndexOf("/") + 1) : "";
      yield { kind: "link", name, target: cleanPath(parent + entry.target) };
    }
  }
}

/**
 * Returns a path without `.` and `..`. The result is only compared with other paths of the archive, never opened.
 *
 * @throws AppError `invalid_content` for a path that leads out of the archive
 */
export function cleanPath(path: string): string {
  const components: string[] = [];
  for (const component of path.split("/")) {
    if (component === "" || component === ".") continue;
    if (component !== "..") components.push(component);
    else if (components.pop() === undefined) {
      throw new AppError(
        "invalid_content",
        `Cannot import ${JSON.stringify(path)}: the path leads out of the archive`,
      );
    }
  }
  return components.join("/");
}
