/**
 * `index.json`: the only database of the store, an OCI image index (OCI image spec 1.1, image-layout.md).
 *
 * @module
 */
import { AppError, isCode } from "../../base/errors.ts";
import { isMissing } from "../../base/system/os_errors.ts";
import { OCI_INDEX } from "../../oci/media_type.ts";
import { removeQuietly, renameOver, syncDirectory, syncFile } from "../fs/fs.ts";
import { attempt, attemptAsync } from "../fs/fs_errors.ts";
import { writeAll } from "../fs/write_all.ts";
import type { StorePaths } from "../layout/paths.ts";
import type { Locks } from "../locks/locks.ts";
import { keepBallast, openBallast } from "./ballast.ts";
import { type IndexContent, IndexText } from "./index_text.ts";

/** Identifies a version of the file: each update creates a new file. */
interface FileSnapshot {
  readonly inode: number | null;
  readonly size: number;
  readonly modifiedAt: number;
}

interface Cached {
  readonly snapshot: FileSnapshot;
  readonly content: IndexContent;
}

/** A stricter umask applies. */
const INDEX_MODE = 0o644;

const EMPTY: IndexContent = { manifests: [], rest: { schemaVersion: 2, mediaType: OCI_INDEX } };

/** Reads and updates the index. */
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
   * The current content; the same object while it is unchanged. Never waits for a writer, because a rename is
   * atomic.
   *
   * @throws AppError `store_corrupt`, `permission_denied`
   */
  async read(): Promise<IndexContent> {
    const path = this.#paths.indexFile;
    try {
      // Synchronous: a stat takes microseconds, and every list and status request needs one.
      const current = snapshotOf(attempt("read", path, () => Deno.statSync(path)));
      const cached = this.#cached;
      if (cached !== undefined && isSame(cached.snapshot, current)) return cached.content;
      return (await this.#load()).content;
    } catch (error) {
      if (isMissing(error)) return EMPTY;
      throw error;
    }
  }

  /**
   * Changes the content in one transaction. If `change` returns the same object, nothing is written. An
   * update that makes the index shorter also works on a full disk.
   *
   * @throws what `change` throws (nothing is changed then); AppError `store_corrupt`, `no_space`,
   * `permission_denied`; the signal's reason
   */
  async update(
    change: (content: IndexContent) => IndexContent,
    signal: AbortSignal,
  ): Promise<IndexContent> {
    using _lock = await this.#locks.take(this.#paths.indexLock, "exclusive", signal);
    // Never from the cache: two versions of the file could have the same snapshot, and an update would lose
    // an image.
    const before = await this.#loadIfExists();
    const after = change(before?.content ?? EMPTY);
    if (after === before?.content) return after;
    return await this.#replace(after, before?.snapshot.size ?? 0);
  }

  /** Writes an empty index if there is none. */
  async ensure(signal: AbortSignal): Promise<void> {
    if (await this.read() === EMPTY) await this.update((content) => content, signal);
  }

  async #loadIfExists(): Promise<Cached | undefined> {
    try {
      return await this.#load();
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async #load(): Promise<Cached> {
    const path = this.#paths.indexFile;
    // Snapshot and content come from one open file, because the file may be replaced in between.
    using file = await attemptAsync("read", path, () => Deno.open(path, { read: true }));
    const info = file.statSync();
    const bytes = new Uint8Array(info.size);
    for (let length = 0; length < bytes.length;) {
      const n = await file.read(bytes.subarray(length));
      if (n === null) break;
      length += n;
    }
    const content = this.#parse(bytes, path);
    return this.#cached = { snapshot: snapshotOf(info), content };
  }

  #parse(bytes: Uint8Array, path: string): IndexContent {
    try {
      return this.#text.parse(bytes, `"${path}"`);
    } catch (cause) {
      throw new AppError(
        "store_corrupt",
        `Cannot read the store's index "${path}": it is damaged; restore it from a backup, or move it away to start ` +
          "without images (the blobs stay and are used again)",
        { cause, details: { path } },
      );
    }
  }

  /** @param oldSize bytes of the index that is replaced */
  async #replace(content: IndexContent, oldSize: number): Promise<IndexContent> {
    const { indexTemp, indexBallast, root } = this.#paths;
    const bytes = this.#text.format(content);
    try {
      await this.#publish(content, bytes, indexTemp, openTemp(indexTemp));
    } catch (error) {
      // A partial file would use the space that the next update needs.
      removeQuietly(indexTemp);
      // Use the ballast only for updates that shrink the index; otherwise a full disk couldn't be cleaned up.
      const ballast = isCode(error, "no_space") && bytes.length <= oldSize
        ? openBallast(indexBallast)
        : undefined;
      if (ballast === undefined) throw error;
      await this.#publish(content, bytes, indexBallast, ballast);
    }
    if (content.manifests.length > 0) keepBallast(indexBallast, bytes.length);
    await syncDirectory(root);
    return content;
  }

  /** Writes the index to an open file and renames that. Closes the file. */
  async #publish(content: IndexContent, bytes: Uint8Array, path: string, opened: Deno.FsFile): Promise<void> {
    using file = opened;
    writeAll(file, path, bytes);
    attempt("write", path, () => file.truncateSync(bytes.length));
    await syncFile(file, path);
    renameOver(path, this.#paths.indexFile);
    this.#cached = { snapshot: snapshotOf(file.statSync()), content };
  }
}

/** Removes what a dead process left and creates a new file, so that a symbolic link there isn't followed. */
function openTemp(path: string): Deno.FsFile {
  removeQuietly(path);
  return attempt(
    "write",
    path,
    () => Deno.openSync(path, { write: true, createNew: true, mode: INDEX_MODE }),
  );
}

function snapshotOf(info: Deno.FileInfo): FileSnapshot {
  return { inode: info.ino, size: info.size, modifiedAt: info.mtime?.getTime() ?? 0 };
}

function isSame(a: FileSnapshot, b: FileSnapshot): boolean {
  return a.inode === b.inode && a.size === b.size && a.modifiedAt === b.modifiedAt;
}
