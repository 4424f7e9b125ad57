/**
 * The pull: a name becomes an image in the store.
 *
 * @module
 */
import { loadHashing } from "../base/hash.ts";
import { AppError } from "../base/errors.ts";
import type { ImageRecord } from "../content/image_store.ts";
import type { Resolved } from "../content/remote.ts";
import { CONFIG_MAX_BYTES, parseImageConfig } from "../oci/image_config.ts";
import { isImageConfigType } from "../oci/media_type.ts";
import type { Platform } from "../oci/platform.ts";
import {
  formatReference,
  parseReference,
  recordedNameOf,
  type Reference,
  repositoryNameOf,
  withDigest,
} from "../oci/reference.ts";
import { bringBlobs } from "./bring.ts";
import type { ImageDeps, ImageStorage } from "./deps.ts";
import {
  documentFrom,
  type DocumentLoader,
  getVerified,
  type LoadedDocument,
  remoteLoader,
} from "./documents.ts";
import { resolvePullOptions } from "./options.ts";
import { planPull, type PullPlan } from "./plan.ts";
import type { PullOptions, PullResult } from "./types.ts";

/**
 * Pulls an image. All of its blobs are in the store, verified and durable, before any name points at it; all names
 * appear in one transaction.
 *
 * @throws AppError of any code, or the signal's reason. What is here by then is gone on from by the next pull
 */
export async function pullImage(
  deps: ImageDeps,
  text: string,
  options: PullOptions = {},
): Promise<PullResult> {
  const reference = parseReference(text);
  const { platform, isExplicit, allPlatforms, jobs, credentials, onEvent, signal } = resolvePullOptions(
    options,
  );
  const name = formatReference(reference);
  // Started and not awaited: it loads while the registry answers.
  void loadHashing();
  const remote = deps.registry.remote(reference, credentials === undefined ? {} : { credentials });
  using _held = await deps.store.holdContent(signal);

  onEvent({ kind: "resolving", name });
  const resolved = await remote.resolve(reference, signal);
  onEvent({ kind: "resolved", name, digest: resolved.descriptor.digest, host: resolved.host });

  const source = { store: deps.store, fetcher: remote };
  const load = remembering(remoteLoader(source));
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

  const brought = await bringBlobs(plan.blobs, { store: deps.store, fetcher: remote, jobs, onEvent }, signal);
  const facts = await factsOf(deps.store, reference, top, plan);
  const names = namesOf(reference, top);
  await recordNames(deps.store, names, facts, signal);
  onEvent({ kind: "recorded", name, names, imageId: facts.imageId });
  return {
    record: { ...facts, name: recordedNameOf(reference) },
    names,
    fetched: brought.fetched,
    present: brought.present,
  };
}

async function topDocument(
  { descriptor, bytes }: Resolved,
  load: DocumentLoader,
  signal: AbortSignal,
): Promise<LoadedDocument> {
  return bytes === undefined ? await load(descriptor, signal) : documentFrom(descriptor, bytes);
}

/** Plans look at some documents twice; each is read once. */
function remembering(load: DocumentLoader): DocumentLoader {
  const loaded = new Map<string, Promise<LoadedDocument>>();
  return (descriptor, signal) => {
    const known = loaded.get(descriptor.digest);
    if (known !== undefined) return known;
    const loading = load(descriptor, signal);
    loaded.set(descriptor.digest, loading);
    return loading;
  };
}

/** A pull by tag records the tag and the digest that it stood for; one by digest records just that. */
function namesOf(reference: Reference, top: LoadedDocument): readonly string[] {
  const byDigest = recordedNameOf(withDigest(reference, top.descriptor.digest));
  return reference.digest === undefined ? [recordedNameOf(reference), byDigest] : [byDigest];
}

async function factsOf(
  store: ImageStorage,
  reference: Reference,
  top: LoadedDocument,
  plan: PullPlan,
): Promise<ImageRecord> {
  const { config, layers } = plan.document;
  const isImage = isImageConfigType(config.mediaType);
  const configPlatform = isImage ? await checkConfig(store, plan) : undefined;
  const platform = plan.platform ?? configPlatform;
  const sizes = new Map([plan.manifest, config, ...layers].map(({ digest, size }) => [digest, size]));
  return {
    name: recordedNameOf(reference),
    target: plainDescriptor(top),
    manifest: plan.manifest,
    scope: plan.scope,
    imageId: config.digest,
    kind: isImage ? "image" : "artifact",
    ...(platform && { platform }),
    size: [...sizes.values()].reduce((sum, size) => sum + size, 0),
    pinned: false,
    pulledAt: Date.now(),
    origins: [repositoryNameOf(reference)],
  };
}

/** What the store keeps of the top descriptor; hosts that gave no media type are corrected by the document itself. */
function plainDescriptor({ descriptor: { digest, size }, document: { mediaType } }: LoadedDocument) {
  return { mediaType, digest, size };
}

/** @throws AppError `invalid_content` for a config that does not fit its manifest: such an image can't be unpacked */
async function checkConfig(store: ImageStorage, { document }: PullPlan): Promise<Platform> {
  const { config, layers } = document;
  const what = `config "${config.digest}"`;
  const { diffIds, platform } = parseImageConfig(
    await getVerified(store, config, CONFIG_MAX_BYTES, what),
    what,
  );
  if (diffIds.length !== layers.length) {
    throw new AppError(
      "invalid_content",
      `Cannot use ${what}: it names ${diffIds.length} layers, but the manifest has ${layers.length}`,
    );
  }
  return platform;
}

/** Writes all names of a pull at once. A pin and the other origins of a name stay what they were. */
async function recordNames(
  store: ImageStorage,
  names: readonly string[],
  facts: ImageRecord,
  signal: AbortSignal,
): Promise<void> {
  await store.updateImages((records) => {
    const next = new Map(records);
    const pinned = [...records.values()].some((record) => record.pinned && record.imageId === facts.imageId);
    for (const name of names) {
      const old = records.get(name);
      const origins = old?.imageId === facts.imageId ? old.origins : [];
      next.set(name, {
        ...facts,
        name,
        pinned: pinned || old?.pinned === true,
        origins: [...new Set([...facts.origins, ...origins])],
      });
    }
    return next.values();
  }, signal);
}
