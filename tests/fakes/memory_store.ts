/**
 * A store in memory that fulfils the contracts of stores. It is used to test the image operations, and it
 * proves that the contract suite requires nothing that only a disk can do.
 *
 * @module
 */
import { readAll } from "../../src/base/bytes.ts";
import { AppError } from "../../src/base/errors.ts";
import { type Hasher, type HasherFactory, loadHashing } from "../../src/base/hash.ts";
import type { ImageRecord, ImageStore } from "../../src/content/image_store.ts";
import type {
  ContentHold,
  IngestStatus,
  StoreMaintenance,
  StoreUsage,
  Sweep,
} from "../../src/content/maintenance.ts";
import type { BlobInfo, ContentStore, Ingest, OpenBlob } from "../../src/content/store.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { algorithmOf, type Digest, digestOf } from "../../src/oci/digest.ts";
import { MemoryLocks } from "./memory_lock.ts";

interface Blob {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly committedAt: number;
}

interface Partial {
  readonly descriptor: Descriptor;
  readonly chunks: Uint8Array[];
  updatedAt: number;
}

/** A store that lives as long as the object. */
export class MemoryStore implements ContentStore, ImageStore, StoreMaintenance {
  /** Index entries of other tools. Tests fill it. */
  readonly unmanaged: Descriptor[] = [];
  readonly #blobs = new Map<Digest, Blob>();
  readonly #partials = new Map<string, Partial>();
  readonly #locks = new MemoryLocks();
  readonly #holds = new Set<Set<Digest>>();
  #records: ReadonlyMap<string, ImageRecord> = new Map();

  /** Stores a blob without an ingest. A wrong `digest` makes it a damaged blob. */
  async putBlob(bytes: Uint8Array<ArrayBuffer>, digest?: Digest): Promise<Digest> {
    const key = digest ?? await digestOf(bytes);
    this.#blobs.set(key, { bytes, committedAt: Date.now() });
    return key;
  }

  findBlob(digest: Digest): Promise<BlobInfo | undefined> {
    const blob = this.#blobs.get(digest);
    return Promise.resolve(blob && { digest, size: blob.bytes.length, committedAt: blob.committedAt });
  }

  openBlob(digest: Digest): Promise<OpenBlob> {
    const blob = this.#blobs.get(digest);
    if (blob === undefined) {
      return Promise.reject(
        new AppError("not_found", `Cannot open blob "${digest}": the store has no such blob`),
      );
    }
    return Promise.resolve(openBytes(blob.bytes));
  }

  async readBlob(digest: Digest, limit: number): Promise<Uint8Array<ArrayBuffer>> {
    using blob = await this.openBlob(digest);
    return await readAll(blob, limit, `blob "${digest}"`);
  }

  async beginIngest(descriptor: Descriptor, signal: AbortSignal): Promise<Ingest | undefined> {
    signal.throwIfAborted();
    if (this.#isCommitted(descriptor)) return undefined;
    const lock = await this.#locks.take(descriptor.digest, "exclusive", signal);
    if (this.#isCommitted(descriptor)) {
      lock[Symbol.dispose]();
      return undefined;
    }
    return this.#ingest(descriptor.digest, descriptor, lock, await loadHashing());
  }

  async beginReplacement(descriptor: Descriptor, signal: AbortSignal): Promise<Ingest> {
    const key = `${descriptor.digest}.replacement`;
    const lock = await this.#locks.take(key, "exclusive", signal);
    return this.#ingest(key, descriptor, lock, await loadHashing());
  }

  listImages(): Promise<readonly ImageRecord[]> {
    return Promise.resolve([...this.#records.values()]);
  }

  listUnmanaged(): Promise<readonly Descriptor[]> {
    return Promise.resolve([...this.unmanaged]);
  }

  async updateImages(
    change: (records: ReadonlyMap<string, ImageRecord>) => Iterable<ImageRecord>,
    signal: AbortSignal,
  ): Promise<readonly ImageRecord[]> {
    using _lock = await this.#locks.take("index", "exclusive", signal);
    const after = [...change(this.#records)].sort((a, b) => a.name < b.name ? -1 : 1);
    const byName = new Map(after.map((record) => [record.name, record]));
    if (byName.size !== after.length) {
      throw new AppError("internal", "Cannot record images: a name is there twice");
    }
    this.#records = byName;
    return after;
  }

  beginHold(signal: AbortSignal): ContentHold {
    const digests = new Set<Digest>();
    this.#holds.add(digests);
    return {
      add: async (added) => {
        using _lock = await this.#locks.take("holds", "shared", signal);
        for (const digest of added) digests.add(digest);
      },
      [Symbol.dispose]: () => void this.#holds.delete(digests),
    };
  }

  async beginSweep(signal: AbortSignal): Promise<Sweep> {
    const lock = await this.#locks.take("holds", "exclusive", signal);
    const held = new Set([...this.#holds].flatMap((digests) => [...digests]));
    return { isHeld: (digest) => held.has(digest), [Symbol.dispose]: () => lock[Symbol.dispose]() };
  }

  async *listBlobs(): AsyncIterable<BlobInfo> {
    for (const [digest, { bytes, committedAt }] of [...this.#blobs]) {
      yield await Promise.resolve({ digest, size: bytes.length, committedAt });
    }
  }

  async *listIngests(): AsyncIterable<IngestStatus> {
    for (const { descriptor, chunks, updatedAt } of [...this.#partials.values()]) {
      const { digest, size } = descriptor;
      yield await Promise.resolve({ digest, offset: lengthOf(chunks), size, updatedAt });
    }
  }

  removeBlob(digest: Digest): Promise<void> {
    this.#blobs.delete(digest);
    return Promise.resolve();
  }

  removeIngest(digest: Digest): Promise<boolean> {
    const keys = [digest, `${digest}.replacement`];
    const free = keys.filter((key) => !this.#locks.isHeld(key));
    for (const key of free) this.#partials.delete(key);
    return Promise.resolve(free.length === keys.length);
  }

  usage(): Promise<StoreUsage> {
    const bytes = (lengths: readonly number[]) => lengths.reduce((sum, length) => sum + length, 0);
    return Promise.resolve({
      blobs: this.#blobs.size,
      blobBytes: bytes([...this.#blobs.values()].map((blob) => blob.bytes.length)),
      partials: this.#partials.size,
      partialBytes: bytes([...this.#partials.values()].map(({ chunks }) => lengthOf(chunks))),
      layerBytes: 0,
      inodes: this.#blobs.size + this.#partials.size,
    });
  }

  #isCommitted({ digest, size }: Descriptor): boolean {
    const have = this.#blobs.get(digest)?.bytes.length;
    if (have === undefined || have === size) return have !== undefined;
    throw new AppError(
      "size_mismatch",
      `Cannot add blob "${digest}": the store has it with ${have} bytes, expected ${size}`,
    );
  }

  #ingest(key: string, descriptor: Descriptor, lock: Disposable, hashing: HasherFactory): Ingest {
    const old = this.#partials.get(key);
    const isOurs = old?.descriptor.size === descriptor.size && lengthOf(old.chunks) <= descriptor.size;
    const partial: Partial = isOurs ? old : { descriptor, chunks: [], updatedAt: Date.now() };
    this.#partials.set(key, partial);
    return new MemoryIngest(partial, hashing, {
      publish: (bytes) => this.#blobs.set(descriptor.digest, { bytes, committedAt: Date.now() }),
      drop: () => this.#partials.delete(key),
      release: () => lock[Symbol.dispose](),
    });
  }
}

interface Ends {
  readonly publish: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly drop: () => void;
  readonly release: () => void;
}

class MemoryIngest implements Ingest {
  readonly descriptor: Descriptor;
  readonly #partial: Partial;
  readonly #hashing: HasherFactory;
  readonly #ends: Ends;
  #hasher: Hasher;
  #isClosed = false;

  constructor(partial: Partial, hashing: HasherFactory, ends: Ends) {
    this.descriptor = partial.descriptor;
    this.#partial = partial;
    this.#hashing = hashing;
    this.#ends = ends;
    this.#hasher = hashing(algorithmOf(this.descriptor.digest));
    for (const chunk of partial.chunks) this.#hasher.update(chunk);
  }

  get offset(): number {
    return lengthOf(this.#partial.chunks);
  }

  write(bytes: Uint8Array): void {
    this.#mustBeOpen();
    const { digest, size } = this.descriptor;
    if (this.offset + bytes.length > size) {
      throw new AppError(
        "size_mismatch",
        `Cannot write blob "${digest}": it has more bytes, expected ${size}`,
      );
    }
    this.#partial.chunks.push(bytes.slice());
    this.#partial.updatedAt = Date.now();
    this.#hasher.update(bytes);
  }

  restart(): void {
    this.#mustBeOpen();
    this.#partial.chunks.length = 0;
    this.#hasher = this.#hashing(algorithmOf(this.descriptor.digest));
  }

  commit(): Promise<void> {
    return new Promise((resolve) => resolve(this.#commit()));
  }

  #commit(): void {
    this.#mustBeOpen();
    const { digest, size } = this.descriptor;
    const got = `${algorithmOf(digest)}:${this.#hasher.hex()}`;
    const have = this.offset;
    if (have !== size || got !== digest) {
      this.restart();
      if (have === size) {
        throw new AppError("digest_mismatch", `Cannot commit blob "${digest}": its bytes hash to "${got}"`);
      }
      throw new AppError(
        "size_mismatch",
        `Cannot commit blob "${digest}": it has ${have} bytes, expected ${size}`,
      );
    }
    this.#ends.publish(join(this.#partial.chunks));
    this.#close(true);
  }

  abort(): Promise<void> {
    this.#close(true);
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#close(this.offset === 0);
    return Promise.resolve();
  }

  #close(isDropped: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (isDropped) this.#ends.drop();
    this.#ends.release();
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new AppError("internal", "Cannot use an ingest: it is committed or closed");
  }
}

function lengthOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

function join(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(lengthOf(chunks));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function openBytes(bytes: Uint8Array): OpenBlob {
  let at = 0;
  return {
    size: bytes.length,
    read(buffer) {
      if (at === bytes.length) return Promise.resolve(null);
      const part = bytes.subarray(at, at + buffer.length);
      buffer.set(part);
      at += part.length;
      return Promise.resolve(part.length);
    },
    [Symbol.dispose]: () => {},
  };
}
