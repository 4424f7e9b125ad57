/**
 * Freeing the space of removed images, behind the answer that they are gone.
 *
 * A sweep needs the content for itself. While a pull holds it, what could go waits; it is tried again when a pull has
 * ended and at the next removal.
 *
 * @module
 */
import { neverAborted } from "../../base/abort.ts";
import { AppError } from "../../base/errors.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import { ReferencesCache } from "../../image/model/references_cache.ts";
import type { ImageStorage } from "../../image/model/deps.ts";
import { sweepBlobs } from "../../image/gc/sweep.ts";
import type { Digest } from "../../oci/digest.ts";

/** What a reclaimer works with. */
export interface GarbageCollectorDeps {
  readonly store: ImageStorage;
  /** Hears of files that went, by their sizes. */
  onSwept(sizes: readonly number[]): void;
  /** Hears of sweeps that failed. */
  onProblem(error: unknown): void;
}

/** With more records than this a sweep takes longer than a client should wait: it follows by itself. */
const MANY_RECORDS = 2000;
/** Removals come in bunches: so long after the first of one the sweep begins that follows it, in milliseconds. */
const GATHER_MS = 250;

/** Sweeps what removed images alone needed. Dispose it: then nothing begins any more. */
export class GarbageCollector implements Disposable {
  readonly #deps: GarbageCollectorDeps;
  readonly #closures: ReferencesCache;
  readonly #pending = new Set<Digest>();
  #running: Promise<void> | undefined;
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(deps: GarbageCollectorDeps) {
    this.#deps = deps;
    this.#closures = new ReferencesCache(deps.store);
  }

  /** Reads what all images need, so that the first sweep doesn't have to. */
  async warm(): Promise<void> {
    try {
      for (const record of await this.#deps.store.listImages()) await this.#closures.referencesOf(record);
    } catch (error) {
      this.#deps.onProblem(error);
    }
  }

  /**
   * These records are gone: sweeps what they alone needed. Resolves after the sweep, or its failure; in a store with
   * very many records at once, and the sweep comes by itself.
   *
   * @param left how many records there still are
   */
  async release(records: readonly ImageRecord[], left: number): Promise<void> {
    for (const record of records) {
      try {
        for (const digest of (await this.#closures.referencesOf(record)).blobs.keys()) {
          this.#pending.add(digest);
        }
      } catch (error) {
        // Documents that can't be parsed don't say what they need; `gc` finds it.
        if (!(error instanceof AppError)) throw error;
      }
    }
    if (left <= MANY_RECORDS) return await this.sweep();
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.sweep();
    }, GATHER_MS);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Sweeps what waits. Never fails, and never runs twice at once. */
  async sweep(): Promise<void> {
    if (this.#pending.size === 0) return;
    this.#again = true;
    await (this.#running ??= this.#run());
  }

  async #run(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        await this.#sweepOnce();
      }
    } catch (error) {
      this.#deps.onProblem(error);
    } finally {
      this.#running = undefined;
    }
  }

  async #sweepOnce(): Promise<void> {
    const { store, onSwept } = this.#deps;
    const digests = [...this.#pending];
    const swept = await sweepBlobs(store, digests, neverAborted(), this.#closures);
    if (swept === undefined) return;
    for (const digest of digests) this.#pending.delete(digest);
    this.#closures.keepOnly(await store.listImages());
    onSwept(swept.blobs.map(({ size }) => size));
  }
}
