/**
 * A tar writer for test layers, with only ustar headers (POSIX.1-1988).
 *
 * @module
 */
import { type ByteSource, joinSources, memorySource } from "./blob.ts";

const BLOCK_BYTES = 512;

/** An entry of a layer. Its name has at most 100 bytes. */
export interface TarEntry {
  readonly name: string;
  /** @default "file" */
  readonly type?: "file" | "directory" | "symlink" | "hardlink";
  /** Content of a file. */
  readonly content?: Uint8Array | string | ByteSource;
  /** Target of a link. */
  readonly target?: string;
  /** Permission bits. @default 0o644, 0o755 for directories */
  readonly mode?: number;
}

const TYPE_FLAGS = { file: "0", hardlink: "1", symlink: "2", directory: "5" } as const;

/** Makes a whole archive, with its two blocks of zeros. Contents are read lazily. */
export function tarSource(entries: readonly TarEntry[]): ByteSource {
  const parts: ByteSource[] = [];
  for (const entry of entries) {
    const content = contentOf(entry);
    parts.push(memorySource(header(entry, content.size)), content);
    const rest = content.size % BLOCK_BYTES;
    if (rest > 0) parts.push(memorySource(new Uint8Array(BLOCK_BYTES - rest)));
  }
  parts.push(memorySource(new Uint8Array(2 * BLOCK_BYTES)));
  return joinSources(parts);
}

function contentOf(entry: TarEntry): ByteSource {
  const content = entry.content ?? "";
  if (typeof content === "string") return memorySource(new TextEncoder().encode(content));
  return content instanceof Uint8Array ? memorySource(content) : content;
}

function header(entry: TarEntry, size: number): Uint8Array {
  const type = entry.type ?? "file";
  const block = new Uint8Array(BLOCK_BYTES);
  const put = (at: number, text: string) => block.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0") + "\0";
  put(0, type === "directory" && !entry.name.endsWith("/") ? `${entry.name}/` : entry.name);
  put(100, octal(entry.mode ?? (type === "directory" ? 0o755 : 0o644), 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(size, 11));
  put(136, octal(1_700_000_000, 11));
  put(148, "        ");
  put(156, TYPE_FLAGS[type]);
  put(157, entry.target ?? "");
  put(257, "ustar\x0000");
  // The checksum is computed with spaces in its own field.
  put(148, octal(block.reduce((sum, byte) => sum + byte, 0), 6) + " ");
  return block;
}
