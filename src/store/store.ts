/**
 * The store: an OCI image layout, with directories for unfinished writes, unpacked layers and locks.
 *
 * @module
 */
import { neverAborted } from "../base/concurrency/abort.ts";
import { AppError } from "../base/errors.ts";
import { NO_WORKERS, type StartWorker } from "../base/concurrency/worker.ts";
import type { OnSlowWait } from "../base/concurrency/slow_wait.ts";
import type { ImageRecord, ImageStore } from "../content/image_store.ts";
import type {
  LayerRemains,
  LayerStore,
  LayerTally,
  StagedLayer,
  UnpackedLayer,
} from "../content/layer_store.ts";
import type {
  ContentHold,
  IngestStatus,
  StoreMaintenance,
  StoreUsage,
  Sweep,
} from "../content/maintenance.ts";
import type {
  AnonymousIngest,
  AnonymousIngester,
  BlobInfo,
  ContentStore,
  Ingest,
  OpenBlob,
} from "../content/store.ts";
import { WRITER_PATIENCE_MS } from "../base/tuning.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { Blobs } from "./blobs/blobs.ts";
import { Images } from "./index/images.ts";
import { IndexFile } from "./index/index_file.ts";
import { Ingests } from "./blobs/ingests.ts";
import { checkLayout, makeLayout } from "./layout/layout.ts";
import { Layers, tallyTree } from "./layers.ts";
import { Holds } from "./locks/holds.ts";
import { Locks } from "./locks/locks.ts";
import { StorePaths } from "./layout/paths.ts";
import { ReadWriteLock } from "./locks/read_write_lock.ts";
import { countUsage } from "./usage.ts";

/** How to open a store. */
export interface StoreOptions {
  /**
   * `write` creates missing files. `read` changes nothing except lock files: a missing store has no content, and every
   * method that writes fails with `permission_denied`. @default {"write"}
   */
  readonly mode?: "read" | "write";
  /** Cancels waiting for another process that is creating the store. */
  readonly signal?: AbortSignal;
  /** Starts the worker thread that hashes long blobs. @default no threads */
  readonly startWorker?: StartWorker;
  /**
   * Milliseconds over which another writer of a blob must make progress; otherwise the blob is written a second
   * time in parallel. @default {10_000}
   */
  readonly writerPatience?: number;
}

/** An open store. It keeps no file open between calls and therefore has no `close()`. */
export interface Store extends ContentStore, AnonymousIngester, ImageStore, StoreMaintenance, LayerStore {
  /** The directory as passed to {@linkcode openStore}, without slashes at the end. */
  readonly root: string;
}

/**
 * Opens the store in a directory.
 *
 * @throws AppError `invalid_argument` if the directory contains other files, `unsupported` for another
 * version of the layout, `store_corrupt`, `permission_denied`, `no_space`, `busy` if an older version of dray that has
 * other locks is using it
 *
 * @example
 * ```ts
 * import { openStore } from "./store.ts";
 *
 * const store = await openStore("/does/not/exist", { mode: "read" });
 * console.assert((await store.listImages()).length === 0);
 * ```
 */
export async function openStore(root: string, options: StoreOptions = {}): Promise<Store> {
  return await openStoreAt(new StorePaths(root), options);
}

/** Like {@linkcode openStore}, with explicit paths. */
export async function openStoreAt(paths: StorePaths, options: StoreOptions): Promise<Store> {
  const {
    mode = "write",
    signal = neverAborted(),
    startWorker = NO_WORKERS,
    writerPatience = WRITER_PATIENCE_MS,
  } = options;
  const localLocks = new ReadWriteLock();
  const locks = new Locks(localLocks, mode === "write");
  const indexFile = new IndexFile({ paths, locks });
  const blobs = new Blobs(paths);
  if (mode === "write") {
    await makeLayout(paths);
    await indexFile.ensure(signal);
  } else {
    await checkLayout(paths);
  }
  const ingests = new Ingests({ paths, blobs, locks: localLocks, startWorker, writerPatience });
  const isReadOnly = mode === "read";
  /** An attempt without permission would make the runtime ask for it on a terminal. */
  function writableLocks(): Locks | undefined {
    if (!isReadOnly) return locks;
    const { state } = Deno.permissions.querySync({ name: "write", path: paths.holds });
    return state === "granted" ? new Locks(localLocks, true) : undefined;
  }
  return new DiskStore({
    paths,
    blobs,
    ingests,
    images: new Images(indexFile),
    layers: new Layers({ paths, locks }),
    holds: new Holds({ paths, locks, writableLocks: writableLocks(), isReadOnly }),
    isReadOnly,
  });
}

/** The parts of a store. */
interface StoreParts {
  readonly paths: StorePaths;
  readonly blobs: Blobs;
  readonly ingests: Ingests;
  readonly images: Images;
  readonly layers: Layers;
  readonly holds: Holds;
  readonly isReadOnly: boolean;
}

class DiskStore implements Store {
  readonly #parts: StoreParts;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  get root(): string {
    return this.#parts.paths.root;
  }

  findBlob(digest: Digest): Promise<BlobInfo | undefined> {
    return Promise.try(() => this.#parts.blobs.find(digest));
  }

  openBlob(digest: Digest): Promise<OpenBlob> {
    return this.#parts.blobs.open(digest);
  }

  readBlob(digest: Digest, limit: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#parts.blobs.read(digest, limit);
  }

  async beginIngest(
    descriptor: Descriptor,
    signal: AbortSignal,
    onWait?: OnSlowWait,
  ): Promise<Ingest | undefined> {
    this.#mustWrite();
    return await this.#parts.ingests.begin(descriptor, signal, onWait);
  }

  async beginAnonymous(): Promise<AnonymousIngest> {
    this.#mustWrite();
    return await this.#parts.ingests.beginAnonymous();
  }

  listImages(): Promise<readonly ImageRecord[]> {
    return this.#parts.images.list();
  }

  listUnmanaged(): Promise<readonly Descriptor[]> {
    return this.#parts.images.listUnmanaged();
  }

  async updateImages(
    change: (records: ReadonlyMap<string, ImageRecord>) => Iterable<ImageRecord>,
    signal: AbortSignal,
  ): Promise<readonly ImageRecord[]> {
    this.#mustWrite();
    return await this.#parts.images.update(change, signal);
  }

  beginHold(signal: AbortSignal, onWait?: OnSlowWait): ContentHold {
    return this.#parts.holds.begin(signal, onWait);
  }

  async beginSweep(signal: AbortSignal): Promise<Sweep> {
    this.#mustWrite();
    return await this.#parts.holds.beginSweep(signal);
  }

  listBlobs(): AsyncIterable<BlobInfo> {
    return this.#parts.blobs.list();
  }

  listIngests(): AsyncIterable<IngestStatus> {
    return this.#parts.ingests.list();
  }

  // deno-lint-ignore require-await
  async removeBlob(digest: Digest): Promise<void> {
    this.#mustWrite();
    this.#parts.blobs.remove(digest);
  }

  async removeIngest(digest: Digest): Promise<boolean> {
    this.#mustWrite();
    return await this.#parts.ingests.remove(digest);
  }

  async beginReplacement(descriptor: Descriptor, signal: AbortSignal): Promise<Ingest> {
    this.#mustWrite();
    return await this.#parts.ingests.beginReplacement(descriptor, signal);
  }

  usage(): Promise<StoreUsage> {
    return countUsage(this.#parts.paths);
  }

  findLayer(chainId: Digest): Promise<UnpackedLayer | undefined> {
    return this.#parts.layers.find(chainId);
  }

  async stageLayer(
    chainId: Digest,
    mode: "wait" | "try",
    signal: AbortSignal,
  ): Promise<StagedLayer | "ready" | "busy"> {
    this.#mustWrite();
    return await this.#parts.layers.stage(chainId, mode, signal);
  }

  listLayers(): Promise<readonly UnpackedLayer[]> {
    return this.#parts.layers.list();
  }

  measureLayer(chainId: Digest): Promise<number> {
    return this.#parts.layers.measure(chainId);
  }

  tallyLayer({ path }: UnpackedLayer): Promise<LayerTally> {
    return tallyTree(path);
  }

  async removeLayer(chainId: Digest): Promise<boolean> {
    this.#mustWrite();
    return await this.#parts.layers.remove(chainId);
  }

  listLayerRemains(): Promise<readonly LayerRemains[]> {
    return this.#parts.layers.listRemains();
  }

  async deleteLayerRemains(): Promise<readonly LayerRemains[]> {
    this.#mustWrite();
    return await this.#parts.layers.deleteRemains();
  }

  #mustWrite(): void {
    if (!this.#parts.isReadOnly) return;
    throw new AppError("permission_denied", `Cannot change store "${this.root}": it was opened for reading`);
  }
}
