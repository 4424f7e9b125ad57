/**
 * `index.json`: the one database, an OCI image index that any tool can read (OCI image spec 1.1, image-layout.md).
 *
 * @module
 */
import { AppError, isCode } from "../../base/errors.ts";
import { OCI_INDEX } from "../../oci/media_type.ts";
import { removeQuietly, renameOver, syncDirectory, syncFile } from "../fs/fs.ts";
import { attempt, attemptAsync } from "../fs/fs_errors.ts";
import { isMissing } from "../../base/os_errors.ts";
import { type IndexContent, IndexText } from "./index_text.ts";
import type { Locks } from "../locks/locks.ts";
import type { StorePaths } from "../layout/paths.ts";
import { keepBallast, openBallast } from "./ballast.ts";
import { writeAll } from "../fs/write_all.ts";

/** Tells one state of a file from another: each update makes a new file. */
interface Stamp {
  readonly inode: number | null;
  readonly size: number;
  readonly modifiedAt: number;
}

interface Cached {
  readonly stamp: Stamp;
  readonly content: IndexContent;
}

const EMPTY: IndexContent = { manifests: [], rest: { schemaVersion: 2, mediaType: OCI_INDEX } };

/** Reads and changes the index. */
export class IndexFile {
  readonly #paths: StorePaths;
  readonly #locks: Locks;
  readonly #text = new IndexText();
  #cached: Cached | undefined;

  constructor(deps: { readonly paths: StorePaths; readonly locks: Locks }) {
    this.#paths = deps.paths;
    this.#locks = deps.locks;
  }

  /**
   * The newest content; the same object as long as nobody changed it. Waits for no writer: a rename is at once.
   *
   * @throws AppError `store_corrupt`, `permission_denied`
   */
  async read(): Promise<IndexContent> {
    const path = this.#paths.indexFile;
    try {
      // Not awaited: it takes microseconds, and each list and status asks.
      const now = stampOf(attempt("read", path, () => Deno.statSync(path)));
      const cached = this.#cached;
      if (cached !== undefined && isSame(cached.stamp, now)) return cached.content;
      return (await this.#load()).content;
    } catch (error) {
      if (isMissing(error)) return EMPTY;
      throw error;
    }
  }

  /**
   * Changes the content in one transaction. What `change` returns unchanged (the same object) is not written. What
   * makes the index shorter can be done on a full disk too.
   *
   * @throws what `change` throws, and nothing is changed; AppError `store_corrupt`, `no_space`, `permission_denied`,
   * the signal's reason
   */
  async update(
    change: (content: IndexContent) => IndexContent,
    signal: AbortSignal,
  ): Promise<IndexContent> {
    using _lock = await this.#locks.take(this.#paths.indexLock, "exclusive", signal);
    // Never from memory: two states of the file could look alike to `stat`, and here that would lose an image.
    const before = await this.#newest();
    const after = change(before?.content ?? EMPTY);
    if (after === before?.content) return after;
    return await this.#replace(after, before?.stamp.size ?? 0);
  }

  /** Writes an empty index if there is none. */
  async ensure(signal: AbortSignal): Promise<void> {
    if (await this.read() === EMPTY) await this.update((content) => content, signal);
  }

  async #newest(): Promise<Cached | undefined> {
    try {
      return await this.#load();
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async #load(): Promise<Cached> {
    const path = this.#paths.indexFile;
    // Stamp and bytes from one open file: the name may get another file in between.
    using file = await attemptAsync("read", path, () => Deno.open(path, { read: true }));
    const info = file.statSync();
    const bytes = new Uint8Array(info.size);
    for (let have = 0; have < bytes.length;) {
      const n = await file.read(bytes.subarray(have));
      if (n === null) break;
      have += n;
    }
    const content = this.#parse(bytes, path);
    return this.#cached = { stamp: stampOf(info), content };
  }

  #parse(bytes: Uint8Array, path: string): IndexContent {
    try {
      return this.#text.parse(bytes, `"${path}"`);
    } catch (cause) {
      throw new AppError(
        "store_corrupt",
        `Cannot read the store's index "${path}": it is damaged; restore it, or move it away to begin with no images (the blobs stay and are used again)`,
        { cause, details: { path } },
      );
    }
  }

  /** @param had bytes of the index that is replaced */
  async #replace(content: IndexContent, had: number): Promise<IndexContent> {
    const { indexAside, indexSpare, root } = this.#paths;
    const bytes = this.#text.format(content);
    try {
      await this.#place(content, bytes, indexAside, openAside(indexAside));
    } catch (error) {
      // Without this the half of an index is what the next one has no space beside.
      removeQuietly(indexAside);
      // Only for what frees space: a pull that took it would leave none for the removal that must come then.
      const spare = isCode(error, "no_space") && bytes.length <= had ? openBallast(indexSpare) : undefined;
      if (spare === undefined) throw error;
      await this.#place(content, bytes, indexSpare, spare);
    }
    if (content.manifests.length > 0) keepBallast(indexSpare, bytes.length);
    await syncDirectory(root);
    return content;
  }

  /** Writes the index to an open file, and gives that the index's name. */
  async #place(content: IndexContent, bytes: Uint8Array, path: string, opened: Deno.FsFile): Promise<void> {
    using file = opened;
    writeAll(file, path, bytes);
    attempt("write", path, () => file.truncateSync(bytes.length));
    await syncFile(file, path);
    renameOver(path, this.#paths.indexFile);
    this.#cached = { stamp: stampOf(file.statSync()), content };
  }
}

function openAside(path: string): Deno.FsFile {
  return attempt("write", path, () => Deno.openSync(path, { write: true, create: true, truncate: true }));
}

function stampOf(info: Deno.FileInfo): Stamp {
  return { inode: info.ino, size: info.size, modifiedAt: info.mtime?.getTime() ?? 0 };
}

function isSame(a: Stamp, b: Stamp): boolean {
  return a.inode === b.inode && a.size === b.size && a.modifiedAt === b.modifiedAt;
}
