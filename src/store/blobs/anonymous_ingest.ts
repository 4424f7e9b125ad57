/**
 * Writes whose digest nobody knows before their last byte.
 *
 * Such a write stands among the other ingests under a digest drawn by lot, so a collector finds what a dead process
 * left of it like any other partial.
 *
 * @module
 */
import { toHex } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { type Hasher, loadHashing } from "../../base/hash.ts";
import type { AnonymousIngest, BlobInfo } from "../../content/store.ts";
import { type Digest, makeDigest } from "../../oci/digest.ts";
import { syncFile } from "../fs/fs.ts";
import { dropPartial } from "./partial.ts";
import { type IngestEnvironment, protectBlob, publishBlob } from "./ingest_environment.ts";
import { writeAll } from "../fs/write_all.ts";

/** A digest that stands for nothing. */
export function randomIngestId(): Digest {
  return makeDigest("sha256", toHex(crypto.getRandomValues(new Uint8Array(32))));
}

/** What an unnamed ingest needs of the store around it. */
export interface AnonymousIngestDeps {
  /** Where the bytes gather. */
  readonly place: IngestEnvironment;
  /** Open for writing and locked. */
  readonly file: Deno.FsFile;
  /** Where a blob of this digest goes. */
  readonly placeOf: (digest: Digest) => IngestEnvironment;
  /** Facts of a committed blob. */
  readonly find: (digest: Digest) => BlobInfo | undefined;
}

/** An unnamed write whose file is open and locked. */
export class AnonymousIngestFile implements AnonymousIngest {
  readonly #deps: AnonymousIngestDeps;
  readonly #hasher: Hasher;
  #size = 0;
  #isOpen = true;

  private constructor(deps: AnonymousIngestDeps, hasher: Hasher) {
    this.#deps = deps;
    this.#hasher = hasher;
  }

  /** Takes over the file. */
  static async open(deps: AnonymousIngestDeps): Promise<AnonymousIngestFile> {
    return new AnonymousIngestFile(deps, (await loadHashing())("sha256"));
  }

  write(bytes: Uint8Array): void {
    const { file, place } = this.#deps;
    writeAll(file, place.paths.data, bytes);
    this.#hasher.update(bytes);
    this.#size += bytes.length;
  }

  async commit(): Promise<BlobInfo> {
    const { file, place, placeOf, find } = this.#deps;
    if (!this.#isOpen) throw new AppError("internal", "Cannot commit: the write is closed");
    const digest = makeDigest("sha256", this.#hasher.hex());
    const target = placeOf(digest);
    const old = find(digest);
    if (old?.size === this.#size) {
      this.#close();
      return old;
    }
    await syncFile(file, place.paths.data);
    await publishBlob({ ...target, paths: place.paths });
    await target.syncer.sync(target.blobDirectory);
    protectBlob(target);
    this.#close();
    return { digest, size: this.#size, committedAt: Date.now() };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    return Promise.resolve();
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      dropPartial(this.#deps.place.paths);
    } finally {
      this.#deps.file.close();
    }
  }
}
