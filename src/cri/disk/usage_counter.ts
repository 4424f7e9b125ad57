/**
 * The disk usage of the store, available without a delay: counted once, updated by pulls and removals, and counted again
 * in the background after other changes.
 *
 * A kubelet requests the usage every few seconds, and crictl waits at most 2 s. Counting a large store takes longer.
 *
 * @module
 */
import type { StoreUsage } from "../../content/maintenance.ts";

/** The block size of the file system, in bytes. */
const BLOCK_BYTES = 4096;
/** The minimum pause between counts, as a multiple of the duration of a count. */
const IDLE_FACTOR = 20;
/** Delay of a count after a change, in milliseconds: one count serves several changes. */
const SETTLE_MS = 2000;

/** Disk usage. */
export interface Usage {
  readonly bytes: number;
  readonly inodes: number;
}

/** Dependencies of {@linkcode UsageCounter}. */
export interface UsageCounterDeps {
  /** Counts the whole store. */
  count(): Promise<StoreUsage>;
  /** Called for a failed count. */
  onProblem(error: unknown): void;
}

/** Counts disk usage. Disposal stops the counting in the background. */
export class UsageCounter implements Disposable {
  readonly #deps: UsageCounterDeps;
  #bytes = 0;
  #inodes = 0;
  #counting: Promise<void> | undefined;
  /** Whether the store has changed since the running count began, so that another count must follow. */
  #isStale = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #nextAt = 0;
  #closed = false;

  constructor(deps: UsageCounterDeps) {
    this.#deps = deps;
  }

  /** The current usage. */
  get usage(): Usage {
    return { bytes: Math.max(0, this.#bytes), inodes: Math.max(0, this.#inodes) };
  }

  /** Sets an estimate for the time until the first count ends. @param sizes the sizes of files, in bytes */
  estimate(sizes: Iterable<number>): void {
    for (const size of sizes) {
      this.#bytes += onDisk(size);
      this.#inodes++;
    }
  }

  /** Files of these sizes were added to the store. */
  added(sizes: Iterable<number>): void {
    this.#change(sizes, 1);
  }

  /** Files of these sizes were deleted. */
  removed(sizes: Iterable<number>): void {
    this.#change(sizes, -1);
  }

  /** Schedules a count, because the store may have changed in another way. */
  recountSoon(): void {
    if (this.#closed) return;
    this.#isStale = true;
    if (this.#counting !== undefined || this.#timer !== undefined) return;
    const wait = Math.max(SETTLE_MS, this.#nextAt - performance.now());
    this.#timer = setTimeout(() => void this.recount(), wait);
  }

  /** Counts now, or joins the running count. Never rejects. */
  recount(): Promise<void> {
    return this.#counting ??= this.#count();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #count(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isStale = false;
    const begin = performance.now();
    try {
      const { blobBytes, partialBytes, layerBytes, inodes } = await this.#deps.count();
      this.#bytes = blobBytes + partialBytes + layerBytes;
      this.#inodes = inodes;
    } catch (error) {
      this.#deps.onProblem(error);
    }
    const now = performance.now();
    this.#nextAt = now + (now - begin) * IDLE_FACTOR;
    this.#counting = undefined;
    if (this.#isStale) this.recountSoon();
  }

  #change(sizes: Iterable<number>, sign: 1 | -1): void {
    for (const size of sizes) {
      this.#bytes += sign * onDisk(size);
      this.#inodes += sign;
    }
    this.recountSoon();
  }
}

function onDisk(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}
