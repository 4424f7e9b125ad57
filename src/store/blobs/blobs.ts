/**
 * Committed blobs.
 *
 * @module
 */
import { checkLength, readFull } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import type { BlobInfo, OpenBlob } from "../../content/store.ts";
import { type Digest, findDigest } from "../../oci/digest.ts";
import { removeQuietly } from "../fs/fs.ts";
import { attemptAsync } from "../fs/fs_errors.ts";
import { isMissing } from "../../base/system/os_errors.ts";
import { entriesIn, inBatches, statIfExists } from "../fs/file_snapshot.ts";
import { checkBlobOwnership } from "../layout/ownership.ts";
import type { StorePaths } from "../layout/paths.ts";

/** Reads, lists and removes the files under `blobs/`. */
export class Blobs {
  readonly #paths: StorePaths;

  constructor(paths: StorePaths) {
    this.#paths = paths;
  }

  /**
   * See `ContentReader.findBlob`. Synchronous, because a stat takes a few microseconds and an asynchronous
   * one a hundred. On a slow disk, many of them would run one after the other; {@linkcode list} therefore
   * runs them in parallel.
   *
   * @throws AppError `permission_denied`, also if another user can change the file
   */
  find(digest: Digest): BlobInfo | undefined {
    const info = statIfExists(this.#paths.blob(digest));
    if (info === undefined) return undefined;
    checkBlobOwnership(this.#paths, digest, info);
    return infoOf(digest, info);
  }

  /**
   * See `ContentReader.openBlob`.
   *
   * @throws AppError `permission_denied`, also if another user can change the file
   */
  async open(digest: Digest): Promise<OpenBlob> {
    const path = this.#paths.blob(digest);
    let file: Deno.FsFile;
    try {
      file = await attemptAsync("read", path, () => Deno.open(path, { read: true }));
    } catch (error) {
      if (isMissing(error)) throw blobNotFound(digest);
      throw error;
    }
    try {
      const info = file.statSync();
      checkBlobOwnership(this.#paths, digest, info);
      return new OpenBlobFile(file, path, info.size);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** See `ContentReader.readBlob`. */
  async read(digest: Digest, limit: number): Promise<Uint8Array<ArrayBuffer>> {
    using blob = await this.open(digest);
    checkLength(blob.size, limit, `blob "${digest}"`);
    const bytes = new Uint8Array(blob.size);
    return bytes.subarray(0, await readFull(blob, bytes));
  }

  /** See `StoreMaintenance.listBlobs`. Skips files whose names aren't digests; dray didn't write them. */
  async *list(): AsyncGenerator<BlobInfo> {
    for (const algorithm of await entriesIn(this.#paths.blobs)) {
      const names = await entriesIn(`${this.#paths.blobs}/${algorithm.name}`);
      const digests = names.flatMap(({ name }) => findDigest(`${algorithm.name}:${name}`) ?? []);
      for (const batch of inBatches(digests)) {
        for (const info of await Promise.all(batch.map((digest) => this.#findAsync(digest)))) {
          if (info !== undefined) yield info;
        }
      }
    }
  }

  /**
   * Like {@linkcode find}, but asynchronous, so that many of them wait for the disk in parallel. Any owner is
   * accepted: a list is for removing blobs.
   */
  async #findAsync(digest: Digest): Promise<BlobInfo | undefined> {
    const path = this.#paths.blob(digest);
    try {
      return infoOf(digest, await attemptAsync("read", path, () => Deno.stat(path)));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** See `StoreMaintenance.removeBlob`. */
  remove(digest: Digest): void {
    removeQuietly(this.#paths.blob(digest));
  }
}

class OpenBlobFile implements OpenBlob {
  readonly size: number;
  readonly path: string;
  readonly #file: Deno.FsFile;

  constructor(file: Deno.FsFile, path: string, size: number) {
    this.#file = file;
    this.path = path;
    this.size = size;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#file.read(buffer);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function infoOf(digest: Digest, { isFile, size, mtime }: Deno.FileInfo): BlobInfo | undefined {
  return isFile ? { digest, size, committedAt: mtime?.getTime() ?? 0 } : undefined;
}

function blobNotFound(digest: Digest): AppError {
  return new AppError("not_found", `Cannot open blob "${digest}": it is not in the store`, {
    details: { digest },
  });
}
