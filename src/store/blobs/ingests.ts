/**
 * Beginning, listing and removing unfinished writes.
 *
 * @module
 */
import { neverAborted } from "../../base/concurrency/abort.ts";
import { AppError, isCode } from "../../base/errors.ts";
import { isMissing } from "../../base/system/os_errors.ts";
import type { OnSlowWait } from "../../base/concurrency/slow_wait.ts";
import type { StartWorker } from "../../base/concurrency/worker.ts";
import { STATELESS_WRITE_MAX_BYTES } from "../../base/tuning.ts";
import type { IngestStatus } from "../../content/maintenance.ts";
import type { AnonymousIngest, Ingest } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { DirectorySyncer } from "../fs/directory_sync.ts";
import { entriesIn, statIfExists } from "../fs/file_snapshot.ts";
import {
  lockFile,
  makeDirectorySync,
  removeQuietly,
  statIfSame,
  tryLockFile,
  tryLockFileSync,
} from "../fs/fs.ts";
import { attempt } from "../fs/fs_errors.ts";
import { type IngestName, type IngestPaths, parseIngestName, type StorePaths } from "../layout/paths.ts";
import type { ReadWriteLock } from "../locks/read_write_lock.ts";
import { AnonymousIngestFile, randomIngestId } from "./anonymous_ingest.ts";
import { BackgroundHasher } from "./background_hasher.ts";
import type { Blobs } from "./blobs.ts";
import { FileIngest } from "./ingest.ts";
import type { IngestEnvironment } from "./ingest_environment.ts";
import { dropPartial, findState } from "./partial.ts";
import { waitForWriter } from "./slow_writer.ts";

/** Other users must not read unverified content. */
const INGEST_MODE = 0o700;
const DATA_MODE = 0o600;

/** Dependencies of {@linkcode Ingests}. */
export interface IngestsDeps {
  readonly paths: StorePaths;
  readonly blobs: Blobs;
  /** Excludes writers of this process. */
  readonly locks: ReadWriteLock;
  /** Starts the worker that hashes long files. */
  readonly startWorker: StartWorker;
  /** Milliseconds over which the progress of another writer is measured. */
  readonly writerPatience: number;
}

/** The unfinished writes of a store. Each has one writer, which locks the data file. */
export class Ingests {
  readonly #deps: IngestsDeps;
  readonly #syncer = new DirectorySyncer();
  readonly #hasher: BackgroundHasher;

  constructor(deps: IngestsDeps) {
    this.#deps = deps;
    this.#hasher = new BackgroundHasher(deps.startWorker);
  }

  /** See `Ingester.beginIngest`. */
  async begin(descriptor: Descriptor, signal: AbortSignal, onWait?: OnSlowWait): Promise<Ingest | undefined> {
    return await this.#open(descriptor, false, signal, onWait);
  }

  /** See `StoreMaintenance.beginReplacement`. */
  async beginReplacement(descriptor: Descriptor, signal: AbortSignal): Promise<Ingest> {
    const ingest = await this.#open(descriptor, true, signal);
    if (ingest !== undefined) return ingest;
    throw new AppError("internal", `Cannot replace blob "${descriptor.digest}": its ingest did not open`);
  }

  /** See `AnonymousIngester.beginAnonymous`. */
  async beginAnonymous(): Promise<AnonymousIngest> {
    const environmentOf = (digest: Digest) =>
      this.#environmentOf({ digest, isSmall: false, isReplacement: false });
    const environment = environmentOf(randomIngestId());
    const file = await openPrivate(environment);
    try {
      return await AnonymousIngestFile.open({
        environment,
        file,
        environmentOf,
      });
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** See `StoreMaintenance.listIngests`. A replacement and an ingest of the same digest are two items. */
  async *list(): AsyncGenerator<IngestStatus> {
    const seen = new Set<string>();
    for (const entry of await entriesIn(this.#deps.paths.ingest)) {
      const name = parseIngestName(entry.name);
      if (name === undefined) continue;
      const paths = this.#deps.paths.ingestOf(name);
      // A small ingest may have two files in this directory.
      if (seen.has(paths.data)) continue;
      seen.add(paths.data);
      const status = statusOf(name.digest, paths);
      if (status !== undefined) yield status;
    }
  }

  /** See `StoreMaintenance.removeIngest`. Removes replacements of the digest too. */
  async remove(digest: Digest): Promise<boolean> {
    let allRemoved = true;
    for (const isSmall of [false, true]) {
      for (const isReplacement of [false, true]) {
        if (!await this.#remove({ digest, isSmall, isReplacement })) allRemoved = false;
      }
    }
    return allRemoved;
  }

  async #open(
    descriptor: Descriptor,
    isReplacement: boolean,
    signal: AbortSignal,
    onWait?: OnSlowWait,
  ): Promise<Ingest | undefined> {
    const isSmall = descriptor.size <= STATELESS_WRITE_MAX_BYTES;
    const environment = this.#environmentOf({ digest: descriptor.digest, isSmall, isReplacement });
    const { paths } = environment;
    const isCommitted = () => !isReplacement && this.#isCommitted(descriptor);
    signal.throwIfAborted();
    const { locks, writerPatience } = this.#deps;
    const writer = { path: paths.data, size: descriptor.size, patience: writerPatience };
    const lock = locks.tryTake(paths.data, "exclusive") ?? await waitForWriter(
      writer,
      (inner, onSlowWait) => locks.take(paths.data, "exclusive", inner, onSlowWait),
      signal,
      onWait,
    );
    if (lock === undefined) return isCommitted() ? undefined : await this.#openSeparate(descriptor, signal);
    let file: Deno.FsFile | undefined;
    try {
      // Checked before the file is opened, because a blob that is already stored needs no file.
      while (!isCommitted()) {
        file = openData(environment);
        if (file === undefined) continue;
        const isLocked = tryLockFileSync(file, paths.data, "exclusive") || await waitForWriter(
          writer,
          lockingWaiter(file, paths.data),
          signal,
          onWait,
        );
        if (isLocked !== true) {
          file.close();
          file = undefined;
          if (isCommitted()) break;
          const separate = await this.#openSeparate(descriptor, signal);
          lock[Symbol.dispose]();
          return separate;
        }
        // During the wait, the previous writer may have renamed or removed the open file.
        const info = statIfSame(file, paths.data);
        if (info !== undefined) {
          // Checked again under the lock: another process may have committed the blob before this file was
          // opened.
          if (isCommitted()) {
            dropPartial(paths);
            break;
          }
          return await FileIngest.resume(descriptor, environment, file, info.size, lock, signal);
        }
        file.close();
        file = undefined;
      }
    } catch (error) {
      file?.close();
      lock[Symbol.dispose]();
      // Another user's partial, or anything else at its path, must not prevent a download.
      if (file !== undefined || signal.aborted || !isCode(error, "permission_denied", "store_corrupt")) {
        throw error;
      }
      return await this.#openSeparate(descriptor, signal).catch(() => {
        throw error;
      });
    }
    file?.close();
    lock[Symbol.dispose]();
    return undefined;
  }

  /** Begins a write to files that no other writer uses. It can't be resumed. */
  async #openSeparate(descriptor: Descriptor, signal: AbortSignal): Promise<Ingest> {
    const { digest } = descriptor;
    const { paths } = this.#deps;
    const environment = {
      ...this.#environmentOf({ digest: randomIngestId(), isSmall: false, isReplacement: false }),
      blob: paths.blob(digest),
      blobDirectory: paths.blobDirectory(digest),
      isPrivate: true,
    };
    const file = await openPrivate(environment);
    try {
      return await FileIngest.resume(descriptor, environment, file, 0, { [Symbol.dispose]() {} }, signal);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  #isCommitted({ digest, size }: Descriptor): boolean {
    const storedSize = this.#deps.blobs.find(digest)?.size;
    if (storedSize === undefined || storedSize === size) return storedSize !== undefined;
    throw new AppError(
      "size_mismatch",
      `Cannot add blob "${digest}": the descriptor says ${size} bytes, but the store has ${storedSize}; ` +
        `if the descriptor is right, run 'dray verify --repair'`,
      { details: { digest, want: size, got: storedSize } },
    );
  }

  #environmentOf(name: IngestName): IngestEnvironment {
    const { paths } = this.#deps;
    return {
      paths: paths.ingestOf(name),
      blob: paths.blob(name.digest),
      blobDirectory: paths.blobDirectory(name.digest),
      syncer: this.#syncer,
      hasher: this.#hasher,
    };
  }

  async #remove(name: IngestName): Promise<boolean> {
    const paths = this.#deps.paths.ingestOf(name);
    using lock = this.#deps.locks.tryTake(paths.data, "exclusive");
    if (lock === undefined) return false;
    using file = openExisting(paths.data);
    if (file !== undefined && !await tryLockFile(file, paths.data, "exclusive")) return false;
    if (file !== undefined && statIfSame(file, paths.data) === undefined) return true;
    if (file !== undefined) dropPartial(paths);
    else {
      // Not the data file, which another process may be creating.
      removeQuietly(paths.state);
      if (paths.directory !== undefined) removeQuietly(paths.directory);
    }
    return true;
  }
}

/**
 * Opens or creates the data file. Returns undefined if another process removed the directory in the meantime.
 */
function openData({ paths }: IngestEnvironment): Deno.FsFile | undefined {
  if (paths.directory !== undefined) makeDirectorySync(paths.directory, INGEST_MODE);
  try {
    return attempt(
      "write",
      paths.data,
      () => Deno.openSync(paths.data, { read: true, write: true, create: true, mode: DATA_MODE }),
    );
  } catch (error) {
    if (isMissing(error) && paths.directory !== undefined) return undefined;
    throw error;
  }
}

/** Opens and locks the data file of an ingest with a random name. The caller closes it. */
async function openPrivate(environment: IngestEnvironment): Promise<Deno.FsFile> {
  const { data } = environment.paths;
  for (;;) {
    const file = openData(environment);
    if (file === undefined) continue;
    try {
      await lockFile(file, data, "exclusive", neverAborted());
      // A garbage collector may have removed the file before it was locked.
      if (statIfSame(file, data) !== undefined) return file;
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
  }
}

function lockingWaiter(file: Deno.FsFile, path: string) {
  return async (signal: AbortSignal, onSlowWait: OnSlowWait): Promise<true> => {
    await lockFile(file, path, "exclusive", signal, onSlowWait);
    return true;
  };
}

function openExisting(path: string): Deno.FsFile | undefined {
  try {
    return attempt("remove", path, () => Deno.openSync(path, { read: true, write: true }));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function statusOf(digest: Digest, { directory = "", data, state }: IngestPaths): IngestStatus | undefined {
  const dataInfo = statIfExists(data);
  const info = dataInfo ?? statIfExists(directory || state);
  if (info === undefined) return undefined;
  const offset = dataInfo?.size ?? 0;
  const size = findState(state)?.size ?? offset;
  return { digest, offset, size, updatedAt: info.mtime?.getTime() ?? 0 };
}
