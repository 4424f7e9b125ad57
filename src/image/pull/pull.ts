/**
 * Pulling an image by its name into the store.
 *
 * @module
 */
import { abortScope } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import { loadHashing } from "../../base/hash.ts";
import { after } from "../../base/concurrency/timer.ts";
import { PRELOAD_HASH_AFTER_MS } from "../../base/tuning.ts";
import type { Remote, Resolved } from "../../content/remote.ts";
import type { Digest } from "../../oci/digest.ts";
import {
  formatReference,
  parseReference,
  recordedNameOf,
  type Reference,
  repositoryNameOf,
  withDigest,
} from "../../oci/reference.ts";
import { type PendingResolution, startResolution } from "./pending_resolution.ts";
import { fetchBlobs, type FetchResult } from "./fetch_blobs.ts";
import type { ImageDeps } from "../model/deps.ts";
import { holdingStore } from "../model/held_store.ts";
import { documentFrom, type DocumentLoader, type LoadedDocument, remoteLoader } from "../model/documents.ts";
import { summaryOfName } from "../model/group.ts";
import { type PullSettings, resolvePullOptions } from "../model/options.ts";
import { planPull, type PullPlan } from "../model/plan.ts";
import { makeRecord, recordNames } from "../model/record.ts";
import type { PullOptions, PullResult } from "../model/types.ts";

/**
 * Pulls an image. All of its blobs are in the store, verified and durable, before any name refers to it; all
 * names are recorded in one transaction.
 *
 * @throws AppError of any code, or the signal's reason. The next pull resumes partial downloads
 *
 * @example With your own store and registry client
 * ```ts
 * import { isCode } from "../../base/errors.ts";
 * import { openRegistry } from "../registry.ts";
 * import { openStore } from "../../store/store.ts";
 * import { pullImage } from "./pull.ts";
 *
 * const deps = { store: await openStore(await Deno.makeTempDir()), registry: openRegistry({ attempts: 1 }) };
 * try {
 *   await pullImage(deps, "localhost:1/hello:1.0", { onEvent: (event) => console.log(event.kind) });
 * } catch (error) {
 *   console.assert(isCode(error, "network"));
 * }
 * deps.registry.close();
 * ```
 */
export async function pullImage(
  deps: ImageDeps,
  text: string,
  options: PullOptions = {},
): Promise<PullResult> {
  return await pullResolved(deps, text, options, undefined);
}

/** As {@linkcode pullImage}. The name may already be being resolved. */
export async function pullResolved(
  deps: ImageDeps,
  text: string,
  options: PullOptions,
  pending: PendingResolution | undefined,
): Promise<PullResult> {
  const reference = parseReference(text);
  const { credentials, signal } = resolvePullOptions(options);
  const started = pending ?? startResolution(deps.registry, reference, credentials, signal);
  try {
    return await pullStarted(deps, reference, options, started);
  } catch (error) {
    // An error about a manifest or a layer may quote its content, which the registry chose.
    throw error instanceof AppError ? started.remote.hideSecrets?.(error) ?? error : error;
  }
}

async function pullStarted(
  deps: ImageDeps,
  reference: Reference,
  options: PullOptions,
  { remote, result }: PendingResolution,
): Promise<PullResult> {
  const settings = resolvePullOptions(options);
  const { platform, isExplicit, allPlatforms, onEvent, signal } = settings;
  const name = formatReference(reference);
  using store = holdingStore(deps.store, signal, () => onEvent({ kind: "waiting", for: "collector" }));
  const held = { ...deps, store };

  onEvent({ kind: "resolving", name });
  const resolved = await preloadingHash(result(onEvent), held, recordedNameOf(reference));
  onEvent({ kind: "resolved", name, digest: resolved.descriptor.digest, host: resolved.host });

  const source = { store, fetcher: remote };
  const load = cachingLoader(remoteLoader(source));
  const top = await topDocument(resolved, load, signal);
  const plan = await planPull({ name, top, platform, isExplicit, allPlatforms }, load, source, signal);
  onEvent({
    kind: "selected",
    name,
    digest: plan.manifest.digest,
    ...(plan.platform && { platform: plan.platform }),
  });
  const blobs = plan.blobs.map(({ descriptor: { digest, size, mediaType }, role }) => ({
    digest,
    size,
    mediaType,
    role,
  }));
  onEvent({ kind: "planned", name, blobs });

  await store.hold(plan.blobs.map(({ descriptor }) => descriptor.digest));
  const { fetched, present } = await fetchMissing(held, remote, plan, settings);
  const content = await makeRecord(store, {
    ...plan,
    target: { ...top.descriptor, mediaType: top.document.mediaType },
    origins: [repositoryNameOf(reference)],
  });
  const names = namesOf(reference, top);
  const records = await recordNames(store, new Map(names.map((recorded) => [recorded, content])), signal);
  onEvent({ kind: "recorded", name, names, imageId: content.imageId });
  return {
    image: summaryOfName(records, recordedNameOf(reference)),
    name: recordedNameOf(reference),
    names,
    fetched,
    present,
  };
}

/** Fetches the missing blobs, and unpacks the layers if the settings say so. */
async function fetchMissing(
  deps: ImageDeps,
  fetcher: Remote,
  plan: PullPlan,
  { jobs, areJobsExplicit, unpack, onEvent, signal }: PullSettings,
): Promise<FetchResult> {
  const { store } = deps;
  const context = { store, fetcher, jobs, isAdaptive: !areJobsExplicit, onEvent };
  if (!unpack) return await fetchBlobs(plan.blobs, context, signal);
  const { PullUnpacker } = await import("./pull_unpack.ts");
  // A layer that can't be unpacked ends the pull: the other layers are useless then.
  using scope = abortScope(signal);
  const onFailure = (error: unknown) => scope.abort(error);
  await using unpacker = new PullUnpacker(deps, plan, { onEvent, onFailure }, scope.signal);
  const onStored = (digest: Digest) => unpacker.stored(digest);
  const result = await fetchBlobs(plan.blobs, { ...context, onStored }, scope.signal);
  await unpacker.finish();
  return result;
}

/**
 * Loads the hashing code while a distant registry resolves the name. Blobs of medium size need it; small
 * blobs don't, and large ones are hashed by a thread. A name that is already stored probably needs no
 * hashing.
 */
async function preloadingHash(
  resolving: Promise<Resolved>,
  { store }: ImageDeps,
  name: string,
): Promise<Resolved> {
  const isStored = (await store.listImages()).some((record) => record.name === name);
  const cancel = isStored ? undefined : after(PRELOAD_HASH_AFTER_MS, loadHashing);
  try {
    return await resolving;
  } finally {
    cancel?.();
  }
}

async function topDocument(
  { descriptor, bytes, document }: Resolved,
  load: DocumentLoader,
  signal: AbortSignal,
): Promise<LoadedDocument> {
  if (bytes === undefined) return await load(descriptor, signal);
  return document === undefined ? documentFrom(descriptor, bytes) : { descriptor, bytes, document };
}

/** Planning loads some documents twice; each is read only once. */
function cachingLoader(load: DocumentLoader): DocumentLoader {
  const loaded = new Map<string, Promise<LoadedDocument>>();
  return (descriptor, signal) => {
    const cached = loaded.get(descriptor.digest);
    if (cached !== undefined) return cached;
    const loading = load(descriptor, signal);
    loaded.set(descriptor.digest, loading);
    return loading;
  };
}

/** A pull by tag records the tag and its digest; a pull by digest records only the digest. */
function namesOf(reference: Reference, top: LoadedDocument): readonly string[] {
  const byDigest = recordedNameOf(withDigest(reference, top.descriptor.digest));
  return reference.digest === undefined ? [recordedNameOf(reference), byDigest] : [byDigest];
}
