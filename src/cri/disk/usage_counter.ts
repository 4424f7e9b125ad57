/**
 * What the store takes of the disk, known at any moment without looking: counted once, kept up to date by what pulls
 * and removals tell, and counted again in the background when others changed the store.
 *
 * A kubelet asks every few seconds and crictl waits 2 s at most, where counting a big store takes longer than that.
 *
 * @module
 */
import type { StoreUsage } from "../../content/maintenance.ts";

/** What the file system rounds a file's bytes up to. */
const BLOCK_BYTES = 4096;
/** A count must not take more than this share of the time. */
const IDLE_FACTOR = 20;
/** Changes come in bunches: the count waits for the end of one, in milliseconds. */
const SETTLE_MS = 2000;

/** Bytes and inodes. */
export interface Usage {
  readonly bytes: number;
  readonly inodes: number;
}

/** What a counter works with. */
export interface UsageCounterDeps {
  /** Counts everything. */
  count(): Promise<StoreUsage>;
  /** Hears of a count that failed. */
  onProblem(error: unknown): void;
}

/** Keeps count. Dispose it: that stops counting in the background. */
export class UsageCounter implements Disposable {
  readonly #deps: UsageCounterDeps;
  #bytes = 0;
  #inodes = 0;
  #counting: Promise<void> | undefined;
  /** Something changed since the running count began, so it must be followed by another one. */
  #isStale = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #nextAt = 0;
  #closed = false;

  constructor(deps: UsageCounterDeps) {
    this.#deps = deps;
  }

  /** What is known now. */
  get usage(): Usage {
    return { bytes: Math.max(0, this.#bytes), inodes: Math.max(0, this.#inodes) };
  }

  /** What to say until the first count is done. */
  assume(sizes: Iterable<number>): void {
    for (const size of sizes) {
      this.#bytes += onDisk(size);
      this.#inodes++;
    }
  }

  /** Files of these sizes came to the store. */
  added(sizes: Iterable<number>): void {
    this.#change(sizes, 1);
  }

  /** Files of these sizes went. */
  removed(sizes: Iterable<number>): void {
    this.#change(sizes, -1);
  }

  /** Somebody else changed the store, or might have: counts again before long. */
  recountSoon(): void {
    if (this.#closed) return;
    this.#isStale = true;
    if (this.#counting !== undefined || this.#timer !== undefined) return;
    const wait = Math.max(SETTLE_MS, this.#nextAt - performance.now());
    this.#timer = setTimeout(() => void this.recount(), wait);
  }

  /** Counts now; joins a count that is under way. Never fails. */
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
