/**
 * Deletes the blobs of removed images in the background.
 *
 * A sweep needs the store's exclusive content lock. If a pull holds the shared lock, the sweep is retried when a pull
 * ends and at the next removal.
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

/** Dependencies of {@linkcode GarbageCollector}. */
export interface GarbageCollectorDeps {
  readonly store: ImageStorage;
  /** Called with the sizes of deleted files. */
  onSwept(sizes: readonly number[]): void;
  /** Called for failed sweeps. */
  onProblem(error: unknown): void;
}

/** With more records than this, a sweep takes longer than a client should wait, so it runs later. */
const MANY_RECORDS = 2000;
/** How long after a removal the later sweep runs, in milliseconds: one sweep serves several removals. */
const SWEEP_DELAY_MS = 250;

/** Deletes blobs that only removed images referenced. After disposal, no delayed sweep starts. */
export class GarbageCollector implements Disposable {
  readonly #deps: GarbageCollectorDeps;
  readonly #references: ReferencesCache;
  readonly #pending = new Set<Digest>();
  #running: Promise<void> | undefined;
  #sweepRequested = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(deps: GarbageCollectorDeps) {
    this.#deps = deps;
    this.#references = new ReferencesCache(deps.store);
  }

  /** Loads the references of all images, so that the first sweep is fast. Never rejects. */
  async preload(): Promise<void> {
    try {
      for (const record of await this.#deps.store.listImages()) await this.#references.referencesOf(record);
    } catch (error) {
      this.#deps.onProblem(error);
    }
  }

  /**
   * Deletes the blobs that only these removed records referenced. Resolves after the sweep, even if it failed; in a store
   * with very many records, resolves immediately, and the sweep runs later.
   *
   * @param remaining number of remaining records
   */
  async collect(records: readonly ImageRecord[], remaining: number): Promise<void> {
    for (const record of records) {
      try {
        for (const digest of (await this.#references.referencesOf(record)).blobs.keys()) {
          this.#pending.add(digest);
        }
      } catch (error) {
        // The references of unreadable documents are unknown; `dray gc` deletes those blobs.
        if (!(error instanceof AppError)) throw error;
      }
    }
    if (remaining <= MANY_RECORDS) return await this.sweep();
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.sweep();
    }, SWEEP_DELAY_MS);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Deletes the blobs of all removed records. Never rejects; parallel calls share one sweep. */
  async sweep(): Promise<void> {
    if (this.#pending.size === 0) return;
    this.#sweepRequested = true;
    await (this.#running ??= this.#run());
  }

  async #run(): Promise<void> {
    try {
      while (this.#sweepRequested) {
        this.#sweepRequested = false;
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
    const swept = await sweepBlobs(store, digests, neverAborted(), this.#references);
    if (swept === undefined) return;
    for (const digest of digests) this.#pending.delete(digest);
    this.#references.keepOnly(await store.listImages());
    onSwept(swept.blobs.map(({ size }) => size));
  }
}
