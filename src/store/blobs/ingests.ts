/**
 * Unfinished writes on the disk: beginning, finding and removing them.
 *
 * @module
 */
import { neverAborted } from "../../base/abort.ts";
import { AppError } from "../../base/errors.ts";
import type { OnSlowWait } from "../../base/slow_wait.ts";
import type { StartWorker } from "../../base/worker.ts";
import { STATELESS_WRITE_MAX_BYTES } from "../../base/tuning.ts";
import type { IngestStatus } from "../../content/maintenance.ts";
import type { AnonymousIngest, Ingest } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Blobs } from "./blobs.ts";
import { DirectorySyncer } from "../fs/directory_sync.ts";
import { lockFile, makeDirectorySync, removeQuietly, statIfSame, tryLockFile } from "../fs/fs.ts";
import { attempt, isMissing } from "../fs/fs_errors.ts";
import { BackgroundHasher } from "./background_hasher.ts";
import { FileIngest } from "./ingest.ts";
import { entriesIn, statIfThere } from "../fs/file_snapshot.ts";
import { dropPartial, findState } from "./partial.ts";
import { type IngestName, type IngestPaths, parseIngestName, type StorePaths } from "../layout/paths.ts";
import type { IngestEnvironment } from "./ingest_environment.ts";
import type { OnStep } from "./commit_steps.ts";
import type { ReadWriteLock } from "../locks/read_write_lock.ts";
import { AnonymousIngestFile, randomIngestId } from "./anonymous_ingest.ts";

/** What was not verified yet is for its writers alone. */
const INGEST_MODE = 0o700;
const DATA_MODE = 0o600;

/** What the ingests need. */
export interface IngestsDeps {
  readonly paths: StorePaths;
  readonly blobs: Blobs;
  readonly turns: ReadWriteLock;
  readonly onStep: OnStep;
  /** Starts the thread that hashes long files. */
  readonly startWorker: StartWorker;
}

/** The unfinished writes of a store. One writer each: its lock is on the data file, so it dies with the process. */
export class Ingests {
  readonly #deps: IngestsDeps;
  readonly #syncer = new DirectorySyncer();
  readonly #follower: BackgroundHasher;

  constructor(deps: IngestsDeps) {
    this.#deps = deps;
    this.#follower = new BackgroundHasher(deps.startWorker);
  }

  /** As `Ingester.beginIngest`. */
  async begin(descriptor: Descriptor, signal: AbortSignal, onWait?: OnSlowWait): Promise<Ingest | undefined> {
    return await this.#open(descriptor, false, signal, onWait);
  }

  /** As `StoreMaintenance.beginReplacement`. */
  async beginReplacement(descriptor: Descriptor, signal: AbortSignal): Promise<Ingest> {
    const ingest = await this.#open(descriptor, true, signal);
    if (ingest !== undefined) return ingest;
    throw new AppError("internal", `Cannot replace blob "${descriptor.digest}": its ingest did not open`);
  }

  /** As `AnonymousIngester.beginUnnamed`. */
  async beginUnnamed(): Promise<AnonymousIngest> {
    const placeOf = (digest: Digest) => this.#placeOf({ digest, isSmall: false, isReplacement: false });
    const place = placeOf(randomIngestId());
    for (;;) {
      const file = openData(place);
      if (file === undefined) continue;
      try {
        await lockFile(file, place.paths.data, "exclusive", neverAborted());
        // A collector may have removed the file before it was locked.
        if (statIfSame(file, place.paths.data) === undefined) {
          file.close();
          continue;
        }
        return await AnonymousIngestFile.open({
          place,
          file,
          placeOf,
          find: (digest) => this.#deps.blobs.find(digest),
        });
      } catch (error) {
        file.close();
        throw error;
      }
    }
  }

  /** As `StoreMaintenance.listIngests`; a replacement counts beside an ingest of the same digest. */
  async *list(): AsyncGenerator<IngestStatus> {
    const seen = new Set<string>();
    for (const entry of await entriesIn(this.#deps.paths.ingest)) {
      const name = parseIngestName(entry.name);
      if (name === undefined) continue;
      const paths = this.#deps.paths.ingestOf(name);
      // A small one may have two files there.
      if (seen.has(paths.data)) continue;
      seen.add(paths.data);
      const status = statusOf(name.digest, paths);
      if (status !== undefined) yield status;
    }
  }

  /** As `StoreMaintenance.removeIngest`; takes all of the digest along. */
  async remove(digest: Digest): Promise<boolean> {
    let areGone = true;
    for (const isSmall of [false, true]) {
      for (const isReplacement of [false, true]) {
        if (!await this.#remove({ digest, isSmall, isReplacement })) areGone = false;
      }
    }
    return areGone;
  }

  async #open(
    descriptor: Descriptor,
    isReplacement: boolean,
    signal: AbortSignal,
    onWait?: OnSlowWait,
  ): Promise<Ingest | undefined> {
    const isSmall = descriptor.size <= STATELESS_WRITE_MAX_BYTES;
    const place = this.#placeOf({ digest: descriptor.digest, isSmall, isReplacement });
    const { paths } = place;
    const isCommitted = () => !isReplacement && this.#isCommitted(descriptor);
    const turn = await this.#deps.turns.take(paths.data, "exclusive", signal, onWait);
    let file: Deno.FsFile | undefined;
    try {
      // Before the file is opened, since most blobs that are here need no file.
      while (!isCommitted()) {
        file = openData(place);
        if (file === undefined) continue;
        await lockFile(file, paths.data, "exclusive", signal, onWait);
        // While we waited, the writer before us may have renamed or removed the file that we have open.
        const info = statIfSame(file, paths.data);
        if (info !== undefined) {
          // And with the lock: a writer of another process may have committed between that look and this file.
          if (isCommitted()) {
            dropPartial(paths);
            break;
          }
          place.onStep("ingest-opened");
          return await FileIngest.resume(descriptor, place, file, info.size, turn, signal);
        }
        file.close();
        file = undefined;
      }
    } catch (error) {
      file?.close();
      turn[Symbol.dispose]();
      throw error;
    }
    file?.close();
    turn[Symbol.dispose]();
    return undefined;
  }

  #isCommitted({ digest, size }: Descriptor): boolean {
    const have = this.#deps.blobs.find(digest)?.size;
    if (have === undefined || have === size) return have !== undefined;
    throw new AppError(
      "size_mismatch",
      `Cannot add blob "${digest}": the store has it with ${have} bytes, want ${size}; if the descriptor is right, verify and repair the store`,
      { details: { digest, want: size, got: have } },
    );
  }

  #placeOf(name: IngestName): IngestEnvironment {
    const { paths, onStep } = this.#deps;
    return {
      paths: paths.ingestOf(name),
      blob: paths.blob(name.digest),
      blobDirectory: paths.blobDirectory(name.digest),
      syncer: this.#syncer,
      follower: this.#follower,
      onStep,
    };
  }

  async #remove(name: IngestName): Promise<boolean> {
    const paths = this.#deps.paths.ingestOf(name);
    using turn = this.#deps.turns.tryTake(paths.data, "exclusive");
    if (turn === undefined) return false;
    using file = openExisting(paths.data);
    if (file !== undefined && !await tryLockFile(file, paths.data, "exclusive")) return false;
    if (file !== undefined && statIfSame(file, paths.data) === undefined) return true;
    if (file !== undefined) dropPartial(paths);
    else {
      // Not the data: somebody may be making them just now.
      removeQuietly(paths.state);
      if (paths.directory !== undefined) removeQuietly(paths.directory);
    }
    return true;
  }
}

/** Opens the data file, making what is missing; undefined if somebody took the directory away in between. */
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

function openExisting(path: string): Deno.FsFile | undefined {
  try {
    return attempt("remove", path, () => Deno.openSync(path, { read: true, write: true }));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function statusOf(digest: Digest, { directory = "", data, state }: IngestPaths): IngestStatus | undefined {
  const bytes = statIfThere(data);
  const info = bytes ?? statIfThere(directory || state);
  if (info === undefined) return undefined;
  const offset = bytes?.size ?? 0;
  const size = findState(state)?.size ?? offset;
  return { digest, offset, size, updatedAt: info.mtime?.getTime() ?? 0 };
}
