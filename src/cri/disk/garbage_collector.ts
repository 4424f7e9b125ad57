/**
 * Collects garbage in the background, while pulls run: the content of removed images after each removal, and everything
 * that is abandoned at the start and on a timer.
 *
 * @module
 */
import { abortScope, neverAborted } from "../../base/concurrency/abort.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import { collectExpired } from "../../image/gc/expire.ts";
import { Roots } from "../../image/gc/roots.ts";
import { sweepDigests } from "../../image/gc/sweep.ts";
import type { ImageStorage } from "../../image/model/deps.ts";
import type { CollectOptions, SweepResult } from "../../image/model/types.ts";
import type { Digest } from "../../oci/digest.ts";

/** What a server collects at the start and on a timer. */
export interface CollectionPolicy extends Pick<CollectOptions, "unusedFor" | "keep" | "isPinned"> {
  /**
   * The age in milliseconds at which partial downloads are deleted, and blobs and layers that no image references: until
   * then, a repeated pull can use them. @default one day
   */
  readonly partialAge?: number;
  /**
   * Milliseconds from the end of a collection to the next one on the timer.
   *
   * @default a quarter of `partialAge`, at least a minute and at most an hour
   */
  readonly interval?: number;
}

/** Dependencies of {@linkcode GarbageCollector}. */
export interface GarbageCollectorDeps {
  readonly store: ImageStorage;
  readonly policy: CollectionPolicy;
  /** Called after content was deleted. */
  onSwept(swept: SweepResult): void;
  /** Called for failed collections. */
  onProblem(error: unknown): void;
}

/** With more records than this, a sweep takes longer than a client should wait, so it runs later. */
const MANY_RECORDS = 2000;
/** How long after a removal the later sweep runs, in milliseconds: one sweep serves several removals. */
const SWEEP_DELAY_MS = 250;
/** How long after a sweep that couldn't delete everything the next one runs, in milliseconds. */
const RETRY_MS = 5000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Deletes what removed images, interrupted pulls and killed processes left. Close it. */
export class GarbageCollector {
  readonly #deps: GarbageCollectorDeps;
  readonly #roots: Roots;
  readonly #scope = abortScope(neverAborted());
  readonly #pending = new Set<Digest>();
  #running: Promise<void> | undefined;
  #sweepRequested = false;
  #collecting: Promise<void> | undefined;
  #sweepTimer: ReturnType<typeof setTimeout> | undefined;
  #collectTimer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(deps: GarbageCollectorDeps) {
    this.#deps = deps;
    this.#roots = new Roots(deps.store);
  }

  /**
   * Deletes everything that the policy allows. Never rejects; parallel calls share one collection. The next one follows
   * on a timer.
   */
  async collectAll(): Promise<void> {
    if (!this.#closed) await (this.#collecting ??= this.#collectAll());
  }

  /**
   * Deletes what only these removed records referenced. Resolves after the sweep, even if it failed; in a store with very
   * many records, resolves immediately, and the sweep runs later.
   *
   * @param remaining number of remaining records
   */
  async collect(records: readonly ImageRecord[], remaining: number): Promise<void> {
    for (const digest of await this.#roots.digestsOf(records)) this.#pending.add(digest);
    if (remaining <= MANY_RECORDS) return await this.sweep();
    this.#sweepLater(SWEEP_DELAY_MS);
  }

  /** Deletes the content of all removed records. Never rejects; parallel calls share one sweep. */
  async sweep(): Promise<void> {
    if (this.#pending.size === 0) return;
    this.#sweepRequested = true;
    await (this.#running ??= this.#run());
  }

  /** Stops the timers, and waits until nothing is being deleted. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#sweepTimer);
    clearTimeout(this.#collectTimer);
    this.#scope.abort(new DOMException("The server is closing", "AbortError"));
    await this.#collecting;
    await this.#running;
    this.#scope[Symbol.dispose]();
  }

  async #collectAll(): Promise<void> {
    const { store, policy, onSwept, onProblem } = this.#deps;
    const {
      partialAge = DAY_MS,
      interval = Math.min(HOUR_MS, Math.max(MINUTE_MS, partialAge / 4)),
      ...rules
    } = policy;
    try {
      const options = { ...rules, partialAge, minAge: partialAge, signal: this.#scope.signal };
      onSwept(await collectExpired({ store }, options, this.#roots));
    } catch (error) {
      if (!this.#closed) onProblem(error);
    }
    this.#collecting = undefined;
    if (this.#closed) return;
    this.#collectTimer = setTimeout(() => void this.collectAll(), interval);
  }

  #sweepLater(ms: number): void {
    if (this.#closed) return;
    this.#sweepTimer ??= setTimeout(() => {
      this.#sweepTimer = undefined;
      void this.sweep();
    }, ms);
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
    if (this.#pending.size > 0) this.#sweepLater(RETRY_MS);
  }

  async #sweepOnce(): Promise<void> {
    const { store, onSwept } = this.#deps;
    const digests = [...this.#pending];
    const swept = await sweepDigests(store, digests, neverAborted(), this.#roots);
    if (swept === undefined) return;
    const [blobs, layers] = [await this.#roots.blobs(), await this.#roots.layers()];
    for (const digest of digests) {
      // What a pull still holds stays pending: if the pull fails, no record will reference it.
      const isBlob = !blobs.has(digest) && await store.findBlob(digest) !== undefined;
      const isLayer = layers?.has(digest) !== true && await store.findLayer(digest) !== undefined;
      if (!isBlob && !isLayer) this.#pending.delete(digest);
    }
    onSwept(swept);
  }
}
