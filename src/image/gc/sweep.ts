/**
 * Garbage collection: delete the blobs and unpacked layers that no image references and no operation holds.
 *
 * It runs while pulls run. Content is deleted in short sweeps, each of which checks the index and the holds anew; see
 * `store/locks/holds.ts`.
 *
 * @module
 */
import { abortScope, neverAborted, sleep } from "../../base/concurrency/abort.ts";
import { AppError, isCode } from "../../base/errors.ts";
import type { Sweep } from "../../content/maintenance.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageDeps, ImageStorage } from "../model/deps.ts";
import type { CollectOptions, SweepResult } from "../model/types.ts";
import { Roots } from "./roots.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_WAIT_MS = 10_000;
/** How long the sweep after a removal waits for processes that only read. */
const REMOVAL_WAIT_MS = 200;
/** Number of blobs or layers deleted in one sweep. Between two sweeps, waiting operations add to their holds. */
const SWEEP_SIZE = 8;

/** Adds two results. */
export function sumOfSwept(a: SweepResult, b: SweepResult): SweepResult {
  return {
    names: [...a.names, ...b.names],
    blobs: [...a.blobs, ...b.blobs],
    partials: [...a.partials, ...b.partials],
    layers: [...a.layers, ...b.layers],
    layerBytes: a.layerBytes + b.layerBytes,
    remains: [...a.remains, ...b.remains],
    freed: a.freed + b.freed,
  };
}

/**
 * Deletes unreferenced blobs, unreferenced unpacked layers, old partial downloads and what killed processes left.
 *
 * @param roots what images reference; a server passes one that it keeps
 * @throws AppError `busy` if processes that only read the store run longer than `options.wait`; `store_corrupt` if a
 * manifest can't be read, because then the references of its image are unknown
 */
export async function collectGarbage(
  { store }: Pick<ImageDeps, "store">,
  options: CollectOptions = {},
  roots: Roots = new Roots(store),
): Promise<SweepResult> {
  const { dryRun = false, partialAge = DAY_MS, minAge = 0, wait = DEFAULT_WAIT_MS, signal = neverAborted() } =
    options;
  signal.throwIfAborted();
  // A sweep removes the holds of dead processes. There may be nothing else to delete.
  (await beginSweepWithin(store, wait, signal))[Symbol.dispose]();
  const collection = new Collection(store, { dryRun, wait, roots, signal });
  const youngest = Date.now() - minAge;
  const candidates = (await Array.fromAsync(store.listBlobs()))
    .filter(({ committedAt }) => minAge === 0 || committedAt <= youngest);
  const blobs = await collection.deleteBlobs(candidates);
  const layers = await collection.deleteLayers(
    (await store.listLayers()).filter(({ publishedAt }) => minAge === 0 || publishedAt <= youngest)
      .map(({ chainId }) => chainId),
  );
  const partials = await collection.deletePartials(Date.now() - partialAge);
  return await resultOf(store, { blobs, partials, layers }, dryRun);
}

/**
 * Deletes those of some blobs and layers that are unreferenced: those of removed images. Unlike {@linkcode
 * collectGarbage}, it retains the blobs of interrupted pulls. What operations hold stays.
 *
 * @param digests the candidates: digests of blobs and chain ids
 * @returns undefined, and deletes nothing, while a process that only reads the store runs, or if a manifest can't be read
 */
export async function sweepDigests(
  store: ImageStorage,
  digests: Iterable<Digest>,
  signal: AbortSignal,
  roots: Roots = new Roots(store),
): Promise<SweepResult | undefined> {
  try {
    const collection = new Collection(store, { dryRun: false, wait: REMOVAL_WAIT_MS, roots, signal });
    const candidates = [...new Set(digests)];
    const infos = await Promise.all(candidates.map((digest) => store.findBlob(digest)));
    const blobs = await collection.deleteBlobs(infos.flatMap((info) => info ?? []));
    const found = await Promise.all(candidates.map((chainId) => store.findLayer(chainId)));
    const layers = await collection.deleteLayers(found.flatMap((layer) => layer?.chainId ?? []));
    return await resultOf(store, { blobs, partials: [], layers }, false);
  } catch (error) {
    if (isCode(error, "busy", "store_corrupt")) return undefined;
    throw error;
  }
}

interface CollectionSettings {
  readonly dryRun: boolean;
  /** How long to wait for a sweep, in milliseconds. */
  readonly wait: number;
  readonly roots: Roots;
  readonly signal: AbortSignal;
}

/** A layer and its allocated bytes. */
interface SweptLayer {
  readonly chainId: Digest;
  readonly size: number;
}

/** Deletes candidates in short sweeps. */
class Collection {
  readonly #store: ImageStorage;
  readonly #settings: CollectionSettings;

  constructor(store: ImageStorage, settings: CollectionSettings) {
    this.#store = store;
    this.#settings = settings;
  }

  async deleteBlobs<T extends { readonly digest: Digest; readonly size: number }>(
    blobs: readonly T[],
  ): Promise<SweepResult["blobs"]> {
    const { dryRun, roots } = this.#settings;
    const referenced = await roots.blobs();
    const candidates = blobs.filter(({ digest }) => !referenced.has(digest));
    const deleted = await this.#inSweeps(candidates, async ({ digest }, sweep) => {
      if (sweep.isHeld(digest) || (await roots.blobs()).has(digest)) return false;
      if (!dryRun) await this.#store.removeBlob(digest);
      return true;
    });
    return deleted.map(({ digest, size }) => ({ digest, size }));
  }

  async deleteLayers(chainIds: readonly Digest[]): Promise<readonly SweptLayer[]> {
    if (chainIds.length === 0) return [];
    const { dryRun, roots } = this.#settings;
    const referenced = await roots.layers();
    if (referenced === undefined) return [];
    const candidates: SweptLayer[] = [];
    for (const chainId of chainIds) {
      if (referenced.has(chainId)) continue;
      candidates.push({ chainId, size: await this.#store.measureLayer(chainId) });
    }
    return await this.#inSweeps(candidates, async ({ chainId }, sweep) => {
      if (sweep.isHeld(chainId) || (await roots.layers())?.has(chainId) !== false) return false;
      return dryRun || await this.#store.removeLayer(chainId);
    });
  }

  /** @param oldest time of the last write, in milliseconds since 1970, from which on a partial download stays */
  async deletePartials(oldest: number): Promise<SweepResult["partials"]> {
    const candidates = (await Array.fromAsync(this.#store.listIngests()))
      .filter(({ updatedAt }) => updatedAt <= oldest);
    const deleted = await this.#inSweeps(candidates, async ({ digest }, sweep) => {
      // A pull that holds it may not have opened it yet.
      if (sweep.isHeld(digest)) return false;
      return this.#settings.dryRun || await this.#store.removeIngest(digest);
    });
    return deleted.map(({ digest, offset }) => ({ digest, size: offset }));
  }

  /**
   * Returns the items for which `remove` returned true. `remove` looks the roots up again: since the first mark, an
   * operation may have recorded an image and ended its hold.
   */
  async #inSweeps<T>(
    items: readonly T[],
    remove: (item: T, sweep: Sweep) => Promise<boolean>,
  ): Promise<readonly T[]> {
    const { wait, signal } = this.#settings;
    const removed: T[] = [];
    for (let at = 0; at < items.length; at += SWEEP_SIZE) {
      using sweep = await beginSweepWithin(this.#store, wait, signal);
      for (const item of items.slice(at, at + SWEEP_SIZE)) {
        signal.throwIfAborted();
        if (await remove(item, sweep)) removed.push(item);
      }
    }
    return removed;
  }
}

async function resultOf(
  store: ImageStorage,
  swept: Pick<SweepResult, "blobs" | "partials"> & { readonly layers: readonly SweptLayer[] },
  dryRun: boolean,
): Promise<SweepResult> {
  const removed = new Set(swept.layers.map(({ chainId }) => chainId));
  const deleted = dryRun ? await store.listLayerRemains() : await store.deleteLayerRemains();
  // A removed layer is one of the remains until it is deleted here.
  const remains = deleted.filter(({ chainId }) => !removed.delete(chainId))
    .map(({ chainId, bytes }) => ({ digest: chainId, size: bytes }));
  const sum = (items: readonly { readonly size: number }[]) =>
    items.reduce((total, { size }) => total + size, 0);
  const layerBytes = sum(swept.layers) + sum(remains);
  return {
    names: [],
    blobs: swept.blobs,
    partials: swept.partials,
    layers: swept.layers.map(({ chainId }) => chainId),
    layerBytes,
    remains,
    freed: sum(swept.blobs) + sum(swept.partials) + layerBytes,
  };
}

/** Begins a sweep. @throws AppError `busy` after `ms` milliseconds */
async function beginSweepWithin(store: ImageStorage, ms: number, signal: AbortSignal): Promise<Sweep> {
  using scope = abortScope(signal);
  const busy = new AppError(
    "busy",
    `Cannot collect garbage: another process still reads the store after ${
      ms / 1000
    } s; retry when it has ended`,
  );
  using timer = abortScope(signal);
  void sleep(ms, timer.signal).then(() => scope.abort(busy), () => {});
  try {
    return await store.beginSweep(scope.signal);
  } finally {
    timer.abort(undefined);
  }
}
