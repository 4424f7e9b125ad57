/**
 * Garbage collection: mark the blobs and layers that images reference, and delete all others.
 *
 * @module
 */
import { abortScope, neverAborted, sleep } from "../../base/abort.ts";
import { AppError, isCode } from "../../base/errors.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import type { Digest } from "../../oci/digest.ts";
import { chainIdsOf } from "../../oci/image_config.ts";
import type { ImageDeps, ImageStorage } from "../model/deps.ts";
import { readDocument } from "../model/documents.ts";
import { readConfig } from "../model/inspect.ts";
import { ReferenceWalker } from "../model/references.ts";
import type { CollectOptions, SweepResult } from "../model/types.ts";

/** Returns the blobs that images reference. */
export type ReferenceSource = Pick<ReferenceWalker, "referencesOf">;

const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_WAIT_MS = 10_000;
/** How long to wait for a lock that is probably free: Deno 2.6 can't try a lock and takes it on another thread. */
const TRY_LOCK_MS = 200;

/**
 * Deletes unreferenced blobs, unreferenced unpacked layers and old partial downloads.
 *
 * @throws AppError `busy` if pulls run longer than `options.wait`; `store_corrupt` if a manifest can't be read, because
 * then the references of its image are unknown
 */
export async function collectGarbage(
  { store }: Pick<ImageDeps, "store">,
  options: CollectOptions = {},
): Promise<SweepResult> {
  const { dryRun = false, partialAge = DAY_MS, wait = DEFAULT_WAIT_MS, signal = neverAborted() } = options;
  using _lock = await lockWithin(store, wait, signal);
  const referenced = await markReferenced(store);
  const blobs: SweepResult["blobs"][number][] = [];
  for await (const { digest, size } of store.listBlobs()) {
    signal.throwIfAborted();
    if (referenced.has(digest)) continue;
    if (!dryRun) await store.removeBlob(digest);
    blobs.push({ digest, size });
  }
  const partials: SweepResult["partials"][number][] = [];
  const oldest = Date.now() - partialAge;
  for await (const { digest, offset, updatedAt } of store.listIngests()) {
    signal.throwIfAborted();
    if (updatedAt > oldest) continue;
    if (dryRun || await store.removeIngest(digest)) partials.push({ digest, size: offset });
  }
  const layers = await sweepLayers(store, dryRun);
  return resultOf(blobs, partials, layers);
}

/** Deletes unreferenced layers, and layers that killed processes didn't finish unpacking. */
async function sweepLayers(store: ImageStorage, dryRun: boolean): Promise<readonly Digest[]> {
  const layers = await store.listLayers();
  if (!dryRun) await store.removeStagedLayers();
  if (layers.length === 0) return [];
  const referenced = new Set<Digest>();
  for (const record of await store.listImages()) {
    if (record.kind !== "image") continue;
    for (const chainId of await chainIdsOfRecord(store, record)) referenced.add(chainId);
  }
  const unused = layers.map(({ chainId }) => chainId).filter((chainId) => !referenced.has(chainId));
  if (!dryRun) { for (const chainId of unused) await store.removeLayer(chainId); }
  return unused;
}

/** Returns no chain ids if the documents are damaged: the layers can be unpacked again from the blobs. */
async function chainIdsOfRecord(store: ImageStorage, { manifest }: ImageRecord): Promise<readonly Digest[]> {
  try {
    const { document } = await readDocument(store, manifest);
    if (document.kind !== "manifest") return [];
    return await chainIdsOf((await readConfig(store, document)).diffIds);
  } catch (error) {
    if (isCode(error, "store_corrupt", "invalid_content", "unsupported")) return [];
    throw error;
  }
}

/**
 * Deletes those of some blobs that are unreferenced: the blobs of removed images. Unlike {@linkcode collectGarbage}, it
 * retains the blobs of interrupted pulls.
 *
 * @param digests the candidates
 * @param references returns the references of images; a server passes a cache
 * @returns undefined, and deletes nothing, while a pull is running or if a manifest can't be read
 */
export async function sweepBlobs(
  store: ImageStorage,
  digests: Iterable<Digest>,
  signal: AbortSignal,
  references: ReferenceSource = new ReferenceWalker(store),
): Promise<SweepResult | undefined> {
  let referenced: ReadonlySet<Digest>;
  using lock = await tryLock(store, signal);
  if (lock === undefined) return undefined;
  try {
    referenced = await markReferenced(store, references);
  } catch (error) {
    if (isCode(error, "store_corrupt")) return undefined;
    throw error;
  }
  const blobs: SweepResult["blobs"][number][] = [];
  for (const digest of new Set(digests)) {
    if (referenced.has(digest)) continue;
    const info = await store.findBlob(digest);
    if (info === undefined) continue;
    await store.removeBlob(digest);
    blobs.push({ digest, size: info.size });
  }
  return resultOf(blobs, [], []);
}

function resultOf(
  blobs: SweepResult["blobs"],
  partials: SweepResult["partials"],
  layers: readonly Digest[],
): SweepResult {
  const freed = [...blobs, ...partials].reduce((sum, { size }) => sum + size, 0);
  return { blobs, partials, layers, freed };
}

/** Returns all blobs that images or entries of other tools reference. @throws AppError `store_corrupt` */
async function markReferenced(
  store: ImageStorage,
  references: ReferenceSource = new ReferenceWalker(store),
): Promise<ReadonlySet<Digest>> {
  const referenced = new Set<Digest>();
  for (const record of await store.listImages()) {
    const { blobs, unknown } = await references.referencesOf(record);
    const [missing] = unknown;
    if (missing !== undefined) {
      throw new AppError(
        "store_corrupt",
        `Cannot collect garbage: manifest "${missing.digest}" of image "${record.name}" is missing or damaged, so the ` +
          `references of the image are unknown; fetch it again with "dray verify --repair", or remove the image`,
      );
    }
    for (const digest of blobs.keys()) referenced.add(digest);
  }
  for (const digest of await new ReferenceWalker(store).unmanagedBlobs(await store.listUnmanaged())) {
    referenced.add(digest);
  }
  return referenced;
}

/** Locks the content exclusively. @throws AppError `busy` after `ms` milliseconds */
async function lockWithin(store: ImageStorage, ms: number, signal: AbortSignal): Promise<Disposable> {
  using scope = abortScope(signal);
  const busy = new AppError("busy", `Cannot collect garbage: pulls are still running after ${ms / 1000} s`);
  using timer = abortScope(signal);
  void sleep(ms, timer.signal).then(() => scope.abort(busy), () => {});
  try {
    return await store.holdForSweep(scope.signal);
  } finally {
    timer.abort(undefined);
  }
}

async function tryLock(store: ImageStorage, signal: AbortSignal): Promise<Disposable | undefined> {
  try {
    return await lockWithin(store, TRY_LOCK_MS, signal);
  } catch (error) {
    if (isCode(error, "busy")) return undefined;
    throw error;
  }
}
