/**
 * Writes whose digest isn't known before their last byte.
 *
 * Such a write is stored among the other ingests under a random digest, so that a garbage collector finds and
 * removes what a dead process left, like any other partial.
 *
 * @module
 */
import { toHex } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { type Hasher, loadHashing } from "../../base/hash.ts";
import type { AnonymousIngest, BlobInfo } from "../../content/store.ts";
import { type Digest, makeDigest } from "../../oci/digest.ts";
import { syncFile } from "../fs/fs.ts";
import { writeAll } from "../fs/write_all.ts";
import { type IngestEnvironment, protectBlob, publishBlob } from "./ingest_environment.ts";
import { dropPartial } from "./partial.ts";

/** A random digest, which identifies an ingest and no content. */
export function randomIngestId(): Digest {
  return makeDigest("sha256", toHex(crypto.getRandomValues(new Uint8Array(32))));
}

/** Dependencies of an anonymous ingest. */
export interface AnonymousIngestDeps {
  readonly environment: IngestEnvironment;
  /** Open for writing, and locked. */
  readonly file: Deno.FsFile;
  /** The environment of an ingest of the given digest. */
  readonly environmentOf: (digest: Digest) => IngestEnvironment;
}

/** An anonymous ingest whose file is open and locked. */
export class AnonymousIngestFile implements AnonymousIngest {
  readonly #deps: AnonymousIngestDeps;
  readonly #hasher: Hasher;
  #size = 0;
  #isOpen = true;

  private constructor(deps: AnonymousIngestDeps, hasher: Hasher) {
    this.#deps = deps;
    this.#hasher = hasher;
  }

  /** Takes ownership of the file unless it throws. */
  static async open(deps: AnonymousIngestDeps): Promise<AnonymousIngestFile> {
    return new AnonymousIngestFile(deps, (await loadHashing())("sha256"));
  }

  write(bytes: Uint8Array): void {
    const { file, environment } = this.#deps;
    writeAll(file, environment.paths.data, bytes);
    this.#hasher.update(bytes);
    this.#size += bytes.length;
  }

  async commit(onDigest?: (digest: Digest) => Promise<void>): Promise<BlobInfo> {
    const { file, environment, environmentOf } = this.#deps;
    if (!this.#isOpen) throw new AppError("internal", "Cannot commit ingest: it is closed");
    const { paths } = environment;
    const digest = makeDigest("sha256", this.#hasher.hex());
    await onDigest?.(digest);
    const target = { ...environmentOf(digest), paths };
    // A stored blob is replaced, because it can be damaged, and these bytes are right.
    await syncFile(file, paths.data);
    await publishBlob(target);
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
      dropPartial(this.#deps.environment.paths);
    } finally {
      this.#deps.file.close();
    }
  }
}
