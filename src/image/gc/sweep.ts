/**
 * Mark and sweep: what no image needs goes.
 *
 * @module
 */
import { AppError, isCode } from "../../base/errors.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import type { Digest } from "../../oci/digest.ts";
import { ReferenceWalker } from "../model/references.ts";
import type { ImageDeps, ImageStorage } from "../model/deps.ts";
import { getDocument } from "../model/documents.ts";
import { readConfig } from "../model/inspect.ts";
import { chainIdsOf } from "../../oci/image_config.ts";
import type { CollectOptions, SweepResult } from "../model/types.ts";
import { abortScope, neverAborted, sleep } from "../../base/abort.ts";

/** Tells what images need. */
export type ReferenceSource = Pick<ReferenceWalker, "referencesOf">;

const DAY_MS = 24 * 60 * 60 * 1000;
const WAIT_MS = 10_000;
/** A free lock takes a moment where the runtime can't ask without waiting: Deno 2.6 takes it on another thread. */
const TRY_MS = 200;

/**
 * Sweeps every blob that no image needs, and partials that nobody goes on with.
 *
 * @throws AppError `busy` while pulls run longer than it may wait; `store_corrupt` if an image's manifest can't be
 * read, since then nobody knows what that image needs
 */
export async function collectGarbage(
  { store }: Pick<ImageDeps, "store">,
  options: CollectOptions = {},
): Promise<SweepResult> {
  const { dryRun = false, partialAge = DAY_MS, wait = WAIT_MS, signal = neverAborted() } = options;
  using _held = await holdWithin(store, wait, signal);
  const needed = await markImages(store);
  const blobs: SweepResult["blobs"][number][] = [];
  for await (const { digest, size } of store.listBlobs()) {
    signal.throwIfAborted();
    if (needed.has(digest)) continue;
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

/** Unpacked layers that no image of the store has, and what dead processes left half unpacked. */
async function sweepLayers(store: ImageStorage, dryRun: boolean): Promise<readonly Digest[]> {
  const ready = await store.listLayers();
  if (!dryRun) await store.removeStagedLayers();
  if (ready.length === 0) return [];
  const needed = new Set<Digest>();
  for (const record of await store.listImages()) {
    if (record.kind !== "image") continue;
    for (const chainId of await chainIdsOfRecord(store, record)) needed.add(chainId);
  }
  const unused = ready.map(({ chainId }) => chainId).filter((chainId) => !needed.has(chainId));
  if (!dryRun) { for (const chainId of unused) await store.removeLayer(chainId); }
  return unused;
}

/** The chain ids of an image. One whose config can't be read has none to keep: they are made again from its blobs. */
async function chainIdsOfRecord(store: ImageStorage, { manifest }: ImageRecord): Promise<readonly Digest[]> {
  try {
    const { document } = await getDocument(store, manifest);
    if (document.kind !== "manifest") return [];
    return await chainIdsOf((await readConfig(store, document)).diffIds);
  } catch (error) {
    if (isCode(error, "store_corrupt", "invalid_content")) return [];
    throw error;
  }
}

/**
 * Sweeps those of some blobs that no image needs any more: what a removal frees. Blobs that an interrupted pull left
 * are not among them, so they stay for the next pull.
 *
 * @param closures where to ask what images need: a server keeps them
 * @returns undefined while a pull is running, or when an image can't be read: then `gc` is who sweeps
 */
export async function sweepBlobs(
  store: ImageStorage,
  digests: Iterable<Digest>,
  signal: AbortSignal,
  closures: ReferenceSource = new ReferenceWalker(store),
): Promise<SweepResult | undefined> {
  let needed: ReadonlySet<Digest>;
  using held = await tryHold(store, signal);
  if (held === undefined) return undefined;
  try {
    needed = await markImages(store, closures);
  } catch (error) {
    if (error instanceof AppError && error.code === "store_corrupt") return undefined;
    throw error;
  }
  const blobs: SweepResult["blobs"][number][] = [];
  for (const digest of new Set(digests)) {
    if (needed.has(digest)) continue;
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

/** Every digest that some image needs. @throws AppError `store_corrupt` */
async function markImages(
  store: ImageStorage,
  closures: ReferenceSource = new ReferenceWalker(store),
): Promise<ReadonlySet<Digest>> {
  const needed = new Set<Digest>();
  for (const record of await store.listImages()) {
    const { blobs, unknown } = await closures.referencesOf(record);
    const [missing] = unknown;
    if (missing !== undefined) {
      throw new AppError(
        "store_corrupt",
        `Cannot collect: manifest "${missing.digest}" of image "${record.name}" is missing or damaged, so what the ` +
          `image needs is not known; "dray verify --repair" fetches it again, or remove the image`,
      );
    }
    for (const digest of blobs.keys()) needed.add(digest);
  }
  for (const digest of await new ReferenceWalker(store).foreignBlobs(await store.listForeign())) {
    needed.add(digest);
  }
  return needed;
}

/** @throws AppError `busy` */
async function holdWithin(store: ImageStorage, ms: number, signal: AbortSignal): Promise<Disposable> {
  using scope = abortScope(signal);
  const busy = new AppError(
    "busy",
    `Cannot collect: pulls are running, and did not end within ${ms / 1000} s`,
  );
  using timer = abortScope(signal);
  void sleep(ms, timer.signal).then(() => scope.abort(busy), () => {});
  try {
    return await store.holdForSweep(scope.signal);
  } finally {
    timer.abort(undefined);
  }
}

async function tryHold(store: ImageStorage, signal: AbortSignal): Promise<Disposable | undefined> {
  try {
    return await holdWithin(store, TRY_MS, signal);
  } catch (error) {
    if (error instanceof AppError && error.code === "busy") return undefined;
    throw error;
  }
}
