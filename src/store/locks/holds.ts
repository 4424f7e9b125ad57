/**
 * Holds: the digests that running operations need.
 *
 * Each operation has a file with its digests, which it locks, so that the hold ends with its process. A collection
 * deletes neither what a record references nor what is held. Nothing gets lost between the two:
 *
 * - An operation holds a digest *before* it checks whether the content is stored, and disposes the hold *after* the
 *   index transaction that records the content.
 * - Adding a digest takes the lock `holds` shared; a sweep takes it exclusively, reads all holds, *then* reads the
 *   index, and deletes before it releases the lock.
 *
 * A digest that was added before the sweep is seen in its file, or its hold has already ended, and the index that is
 * read afterwards has its record. A digest that is added later is added after the deletion, and the operation finds that
 * the content is missing. The mark that a collection makes before its sweeps is only an estimate: each sweep marks again
 * if the index has changed.
 *
 * Versions of dray that use a single lock on all content can't use the same store; see `makeHolds` in `layout.ts`.
 *
 * @module
 */
import { AppError, isCode } from "../../base/errors.ts";
import { isMissing } from "../../base/system/os_errors.ts";
import type { OnSlowWait } from "../../base/concurrency/slow_wait.ts";
import type { ContentHold, Sweep } from "../../content/maintenance.ts";
import { type Digest, findDigest } from "../../oci/digest.ts";
import { entriesIn } from "../fs/file_snapshot.ts";
import { removeQuietly, tryLockFile } from "../fs/fs.ts";
import { attempt } from "../fs/fs_errors.ts";
import { writeAll } from "../fs/write_all.ts";
import type { StorePaths } from "../layout/paths.ts";
import type { Locks } from "./locks.ts";

/** Other users must not be able to lock it. */
const HOLD_MODE = 0o600;

/** Dependencies of {@linkcode Holds}. */
export interface HoldsDeps {
  readonly paths: StorePaths;
  readonly locks: Locks;
  /** Creates lock files; undefined in a store that is opened for reading by a process that may not write. */
  readonly writableLocks: Locks | undefined;
  /** Whether the store is opened for reading. */
  readonly isReadOnly: boolean;
}

/** The holds of all processes on one store. */
export class Holds {
  readonly #deps: HoldsDeps;
  /** The holds of this object, by path. */
  readonly #own = new Map<string, FileHold>();

  constructor(deps: HoldsDeps) {
    this.#deps = deps;
  }

  /** See `StoreMaintenance.beginHold`. */
  begin(signal: AbortSignal, onWait?: OnSlowWait): ContentHold {
    const { paths, locks, writableLocks, isReadOnly } = this.#deps;
    const whole = () => new WholeHold(() => locks.take(paths.holdsLock, "shared", signal, onWait));
    if (writableLocks === undefined) return whole();
    const path = paths.hold(crypto.randomUUID());
    const lockShared = () => writableLocks.take(paths.holdsLock, "shared", signal, onWait);
    const hold = new FileHold(path, lockShared, () => this.#own.delete(path));
    this.#own.set(path, hold);
    return isReadOnly ? new ReaderHold(hold, whole()) : hold;
  }

  /** See `StoreMaintenance.beginSweep`. */
  async beginSweep(signal: AbortSignal): Promise<Sweep> {
    const { paths, locks } = this.#deps;
    const lock = await locks.take(paths.holdsLock, "exclusive", signal);
    try {
      const held = await this.#readAll();
      return { isHeld: (digest) => held.has(digest), [Symbol.dispose]: () => lock[Symbol.dispose]() };
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  async #readAll(): Promise<ReadonlySet<Digest>> {
    const held = new Set<Digest>();
    for (const { digests } of this.#own.values()) for (const digest of digests) held.add(digest);
    const { paths } = this.#deps;
    for (const { name } of await entriesIn(paths.holds)) {
      const path = paths.hold(name);
      if (this.#own.has(path)) continue;
      for (const digest of await readHold(path)) held.add(digest);
    }
    return held;
  }
}

/** Reads the hold of another process, or removes that of a dead one. No process can be creating it. */
async function readHold(path: string): Promise<readonly Digest[]> {
  let file: Deno.FsFile;
  try {
    file = attempt("lock", path, () => Deno.openSync(path, { read: true, write: true }));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  using _file = file;
  if (!await tryLockFile(file, path, "exclusive")) {
    // From the open file, because the hold may end at any time.
    return textOf(file).split("\n").flatMap((line) => findDigest(line) ?? []);
  }
  removeQuietly(path);
  return [];
}

function textOf(file: Deno.FsFile): string {
  const bytes = new Uint8Array(file.statSync().size);
  for (let length = 0; length < bytes.length;) {
    const n = file.readSync(bytes.subarray(length));
    if (n === null) break;
    length += n;
  }
  return new TextDecoder().decode(bytes);
}

class FileHold implements ContentHold {
  readonly digests = new Set<Digest>();
  readonly #path: string;
  readonly #lockShared: () => Promise<Disposable>;
  readonly #onEnd: () => void;
  #file: Promise<Deno.FsFile> | undefined;
  #opened: Deno.FsFile | undefined;
  #hasEnded = false;

  constructor(path: string, lockShared: () => Promise<Disposable>, onEnd: () => void) {
    this.#path = path;
    this.#lockShared = lockShared;
    this.#onEnd = onEnd;
  }

  async add(digests: Iterable<Digest>): Promise<void> {
    const added = [...new Set(digests)].filter((digest) => !this.digests.has(digest));
    if (added.length === 0) return;
    using _lock = await this.#lockShared();
    if (this.#hasEnded) throw new AppError("internal", "Cannot hold content: the hold has ended");
    const file = await (this.#file ??= this.#open());
    // The line break at the start ends a line that a full disk has truncated.
    writeAll(file, this.#path, new TextEncoder().encode(`\n${added.join("\n")}\n`));
    for (const digest of added) this.digests.add(digest);
  }

  [Symbol.dispose](): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#onEnd();
    try {
      if (this.#opened !== undefined) removeQuietly(this.#path);
    } catch {
      // The next sweep removes it.
    } finally {
      this.#opened?.close();
    }
  }

  async #open(): Promise<Deno.FsFile> {
    const options = { read: true, write: true, createNew: true, mode: HOLD_MODE };
    const file = this.#opened = attempt("lock", this.#path, () => Deno.openSync(this.#path, options));
    if (await tryLockFile(file, this.#path, "exclusive")) return file;
    throw new AppError("internal", `Cannot hold content: "${this.#path}" is locked`);
  }
}

/** Holds by name if possible: the owner of the store must be able to read it on a full or read-only disk too. */
class ReaderHold implements ContentHold {
  readonly #named: ContentHold;
  readonly #whole: ContentHold;
  #isWhole = false;

  constructor(named: ContentHold, whole: ContentHold) {
    this.#named = named;
    this.#whole = whole;
  }

  async add(digests: Iterable<Digest>): Promise<void> {
    if (this.#isWhole) return;
    try {
      await this.#named.add(digests);
    } catch (error) {
      if (!isCode(error, "permission_denied", "no_space") && !isMissing(error)) throw error;
      await this.#whole.add(digests);
      this.#isWhole = true;
    }
  }

  [Symbol.dispose](): void {
    this.#named[Symbol.dispose]();
    this.#whole[Symbol.dispose]();
  }
}

/** Holds all content: without permission to write, no digest can be recorded. */
class WholeHold implements ContentHold {
  readonly #lockShared: () => Promise<Disposable>;
  #lock: Promise<Disposable> | undefined;

  constructor(lockShared: () => Promise<Disposable>) {
    this.#lockShared = lockShared;
  }

  async add(): Promise<void> {
    await (this.#lock ??= this.#lockShared());
  }

  [Symbol.dispose](): void {
    // A lock that was not taken has already thrown its error.
    void this.#lock?.then((lock) => lock[Symbol.dispose](), () => {});
  }
}
