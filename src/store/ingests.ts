/**
 * Unfinished writes on the disk: beginning, finding and removing them.
 *
 * @module
 */
import { neverAborted } from "../base/abort.ts";
import { AppError } from "../base/errors.ts";
import type { StartWorker } from "../base/worker.ts";
import type { IngestStatus } from "../content/maintenance.ts";
import type { Ingest, UnnamedIngest } from "../content/store.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { Blobs } from "./blobs.ts";
import { DirectorySyncer } from "./directory_sync.ts";
import { isStillAt, lockFile, makeDirectorySync, removeQuietly, tryLockFile } from "./fs.ts";
import { attempt, isMissing } from "./fs_errors.ts";
import { HashFollower } from "./hash_follower.ts";
import { FileIngest } from "./ingest.ts";
import { entriesIn, statIfThere } from "./look.ts";
import { dropPartial, findState } from "./partial.ts";
import { type IngestName, parseIngestName, type StorePaths } from "./paths.ts";
import type { IngestPlace } from "./place.ts";
import type { OnStep } from "./steps.ts";
import type { Turns } from "./turns.ts";
import { drawDigest, UnnamedFile } from "./unnamed.ts";

/** What was not verified yet is for its writers alone. */
const INGEST_MODE = 0o700;

/** What the ingests need. */
export interface IngestsDeps {
  readonly paths: StorePaths;
  readonly blobs: Blobs;
  readonly turns: Turns;
  readonly onStep: OnStep;
  /** Starts the thread that hashes long files. */
  readonly startWorker: StartWorker;
}

/** The unfinished writes of a store. One writer each: its lock is on the data file, so it dies with the process. */
export class Ingests {
  readonly #deps: IngestsDeps;
  readonly #syncer = new DirectorySyncer();

  readonly #follower: HashFollower;

  constructor(deps: IngestsDeps) {
    this.#deps = deps;
    this.#follower = new HashFollower(deps.startWorker);
  }

  /** As `Ingester.beginIngest`. */
  async begin(descriptor: Descriptor, signal: AbortSignal): Promise<Ingest | undefined> {
    signal.throwIfAborted();
    if (this.#isCommitted(descriptor)) return undefined;
    return await this.#open(descriptor, false, signal);
  }

  /** As `StoreMaintenance.beginReplacement`. */
  async beginReplacement(descriptor: Descriptor, signal: AbortSignal): Promise<Ingest> {
    const ingest = await this.#open(descriptor, true, signal);
    if (ingest !== undefined) return ingest;
    throw new AppError("internal", `Cannot replace blob "${descriptor.digest}": its ingest did not open`);
  }

  /** As `UnnamedIngester.beginUnnamed`. */
  async beginUnnamed(): Promise<UnnamedIngest> {
    const placeOf = (digest: Digest) => this.#placeOf({ digest, isReplacement: false });
    const place = placeOf(drawDigest());
    for (;;) {
      const file = openData(place);
      if (file === undefined) continue;
      try {
        await lockFile(file, place.paths.data, "exclusive", neverAborted());
        // A collector may have removed the file before it was locked.
        if (!isStillAt(file, place.paths.data)) {
          file.close();
          continue;
        }
        return await UnnamedFile.open({
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
    for (const entry of await entriesIn(this.#deps.paths.ingest)) {
      const name = parseIngestName(entry.name);
      const status = name === undefined ? undefined : this.#status(name);
      if (status !== undefined) yield status;
    }
  }

  /** As `StoreMaintenance.removeIngest`; takes a replacement along. */
  async remove(digest: Digest): Promise<boolean> {
    const first = await this.#remove({ digest, isReplacement: false });
    const second = await this.#remove({ digest, isReplacement: true });
    return first && second;
  }

  async #open(
    descriptor: Descriptor,
    isReplacement: boolean,
    signal: AbortSignal,
  ): Promise<Ingest | undefined> {
    const place = this.#placeOf({ digest: descriptor.digest, isReplacement });
    const { paths } = place;
    const turn = await this.#deps.turns.take(paths.directory, "exclusive", signal);
    let file: Deno.FsFile | undefined;
    try {
      for (;;) {
        file = openData(place);
        if (file === undefined) continue;
        await lockFile(file, paths.data, "exclusive", signal);
        // While we waited, the writer before us may have renamed or removed the file that we have open.
        const isOurs = isStillAt(file, paths.data);
        if (isOurs && (isReplacement || !this.#isCommitted(descriptor))) {
          place.onStep("ingest-opened");
          return await FileIngest.resume(descriptor, place, file, turn, signal);
        }
        if (isOurs) dropPartial(paths);
        file.close();
        file = undefined;
        if (!isReplacement && this.#isCommitted(descriptor)) {
          turn[Symbol.dispose]();
          return undefined;
        }
      }
    } catch (error) {
      file?.close();
      turn[Symbol.dispose]();
      throw error;
    }
  }

  #isCommitted({ digest, size }: Descriptor): boolean {
    const have = this.#deps.blobs.sizeOf(digest);
    if (have === undefined || have === size) return have !== undefined;
    throw new AppError(
      "size_mismatch",
      `Cannot add blob "${digest}": the store has it with ${have} bytes, want ${size}; if the descriptor is right, verify and repair the store`,
      { details: { digest, want: size, got: have } },
    );
  }

  #placeOf(name: IngestName): IngestPlace {
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

  #status(name: IngestName): IngestStatus | undefined {
    const { directory, data, state } = this.#deps.paths.ingestOf(name);
    const info = statIfThere(data) ?? statIfThere(directory);
    if (info === undefined) return undefined;
    const offset = info.isFile ? info.size : 0;
    const size = findState(state)?.size ?? offset;
    return { digest: name.digest, offset, size, updatedAt: info.mtime?.getTime() ?? 0 };
  }

  async #remove(name: IngestName): Promise<boolean> {
    const paths = this.#deps.paths.ingestOf(name);
    using turn = this.#deps.turns.tryTake(paths.directory, "exclusive");
    if (turn === undefined) return false;
    using file = openExisting(paths.data);
    if (file !== undefined && !await tryLockFile(file, paths.data, "exclusive")) return false;
    if (file !== undefined && !isStillAt(file, paths.data)) return true;
    if (file !== undefined) dropPartial(paths);
    else {
      removeQuietly(paths.state);
      removeQuietly(paths.directory);
    }
    return true;
  }
}

/** Opens the data file, making what is missing; undefined if somebody took the directory away in between. */
function openData({ paths }: IngestPlace): Deno.FsFile | undefined {
  makeDirectorySync(paths.directory, INGEST_MODE);
  try {
    return attempt(
      "write",
      paths.data,
      () => Deno.openSync(paths.data, { read: true, write: true, create: true }),
    );
  } catch (error) {
    if (isMissing(error)) return undefined;
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
