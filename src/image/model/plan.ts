/**
 * Planning a pull: which blobs the store needs for an image.
 *
 * @module
 */
import { AppError, isCode } from "../../base/errors.ts";
import type { Fetcher } from "../../content/remote.ts";
import type { ContentReader } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Manifest } from "../../oci/document.ts";
import { CONFIG_MAX_BYTES, isArtifactConfig, parseImageConfig } from "../../oci/image_config.ts";
import { isImageConfigType, isIndexType, isManifestType } from "../../oci/media_type.ts";
import { type Platform, platformRanking, samePlatform } from "../../oci/platform.ts";
import { type Candidate, candidatesOf, chooseCandidate, noMatch, walkIndexes } from "./choose.ts";
import { type DocumentLoader, fetchVerified, type LoadedDocument } from "./documents.ts";
import type { BlobRole } from "./events.ts";

/** A blob that the store needs. Documents have been fetched for planning, so they include their bytes. */
export interface RequiredBlob {
  readonly descriptor: Descriptor;
  readonly role: BlobRole;
  readonly bytes?: Uint8Array<ArrayBuffer>;
}

/** The plan of a pull. */
export interface PullPlan {
  /** The chosen manifest. */
  readonly manifest: Descriptor;
  readonly document: Manifest;
  /** The platform of the manifest according to the index. */
  readonly platform?: Platform;
  readonly scope: "one-platform" | "all-platforms";
  /** All blobs, each once: the documents first, then in the order of the image. */
  readonly blobs: readonly RequiredBlob[];
}

/** The input of a plan. */
export interface PlanRequest {
  /** The reference in full, for messages. */
  readonly name: string;
  readonly top: LoadedDocument;
  readonly platform: Platform;
  /** Whether the caller chose the platform: then an image for another one is an error. */
  readonly isExplicit: boolean;
  readonly allPlatforms: boolean;
}

/**
 * Plans a pull.
 *
 * @throws AppError `not_found` (no such platform), `invalid_content`, `limit_exceeded`, and the errors of `load`
 */
export async function planPull(
  request: PlanRequest,
  load: DocumentLoader,
  source: { readonly store: ContentReader; readonly fetcher: Fetcher },
  signal: AbortSignal,
): Promise<PullPlan> {
  const { name, top } = request;
  const findPlatform = async (descriptor: Descriptor, inner: AbortSignal) => {
    const { document } = await load(descriptor, inner);
    return document.kind === "manifest" ? await configPlatform(source, document, inner) : undefined;
  };
  if (top.document.kind === "manifest") {
    if (request.isExplicit) {
      const platform = await findPlatform(top.descriptor, signal);
      if (
        platform !== undefined &&
        !platformRanking(request.platform).some((rank) => samePlatform(rank, platform))
      ) {
        throw noMatch(name, request.platform, [platform]);
      }
    }
    return onePlatform([top], { descriptor: top.descriptor }, top);
  }
  const isComplete = request.allPlatforms;
  const unusable: AppError[] = [];
  const indexes = await walkIndexes(
    top,
    load,
    signal,
    isComplete ? undefined : (error) => unusable.push(error),
  );
  for (const { document } of indexes) {
    if (document.kind === "index") unusable.push(...document.invalidEntries ?? []);
  }
  if (isComplete && unusable[0] !== undefined) throw unusable[0];
  const candidates = candidatesOf(
    indexes.flatMap(({ document }) => document.kind === "index" ? [document] : []),
  );
  if (!isComplete) {
    const chosen = await chooseCandidate(
      name,
      candidates,
      request.platform,
      findPlatform,
      signal,
      unusable,
    );
    return onePlatform([...indexes], chosen, await load(chosen.descriptor, signal));
  }
  // The record of all platforms still needs one manifest: that of the wanted platform, or else the first.
  const chosen = await chooseCandidate(name, candidates, request.platform, findPlatform, signal)
    .catch((error) => {
      if (candidates[0] === undefined || !isCode(error, "not_found")) throw error;
      return candidates[0];
    });
  return await allPlatforms(indexes, chosen, load, signal);
}

function onePlatform(
  indexes: readonly LoadedDocument[],
  chosen: Candidate,
  loaded: LoadedDocument,
): PullPlan {
  const document = manifestIn(loaded);
  const documents = [
    ...indexes.filter(({ descriptor }) => descriptor.digest !== loaded.descriptor.digest),
    loaded,
  ];
  return {
    ...base(chosen, loaded),
    scope: "one-platform",
    blobs: unique([...documents.map(documentBlob), ...contentBlobsOf(document)]),
  };
}

async function allPlatforms(
  indexes: readonly LoadedDocument[],
  chosen: Candidate,
  load: DocumentLoader,
  signal: AbortSignal,
): Promise<PullPlan> {
  const blobs: RequiredBlob[] = indexes.map(documentBlob);
  for (const { document } of indexes) {
    if (document.kind !== "index") continue;
    for (const entry of document.manifests) {
      if (isIndexType(entry.mediaType)) continue;
      if (!isManifestType(entry.mediaType)) {
        blobs.push({ descriptor: entry, role: "layer" });
        continue;
      }
      const loaded = await load(entry, signal);
      blobs.push(documentBlob(loaded), ...contentBlobsOf(manifestIn(loaded)));
    }
  }
  const loaded = await load(chosen.descriptor, signal);
  return { ...base(chosen, loaded), scope: "all-platforms", blobs: unique(blobs) };
}

function base(
  chosen: Candidate,
  loaded: LoadedDocument,
): Pick<PullPlan, "manifest" | "document" | "platform"> {
  const plain = { manifest: chosen.descriptor, document: manifestIn(loaded) };
  return chosen.platform === undefined ? plain : { ...plain, platform: chosen.platform };
}

function manifestIn(loaded: LoadedDocument): Manifest {
  if (loaded.document.kind === "manifest") return loaded.document;
  throw new AppError(
    "invalid_content",
    `Cannot read manifest "${loaded.descriptor.digest}": it is an index`,
  );
}

function documentBlob({ descriptor, document, bytes }: LoadedDocument): RequiredBlob {
  return { descriptor, role: document.kind, bytes };
}

/** Returns the config and the layers of a manifest. */
export function contentBlobsOf(manifest: Manifest): readonly RequiredBlob[] {
  return [
    { descriptor: manifest.config, role: "config" },
    ...manifest.layers.map((descriptor): RequiredBlob => ({ descriptor, role: "layer" })),
  ];
}

/** Returns each digest once. @throws AppError `invalid_content` if a digest has two sizes: one must be wrong */
function unique(blobs: readonly RequiredBlob[]): readonly RequiredBlob[] {
  const seen = new Map<string, RequiredBlob>();
  for (const blob of blobs) {
    const { digest, size } = blob.descriptor;
    const first = seen.get(digest);
    if (first === undefined) seen.set(digest, blob);
    else if (first.descriptor.size !== size) {
      throw new AppError(
        "invalid_content",
        `Cannot pull blob "${digest}": the image gives it two sizes, ${first.descriptor.size} and ${size} bytes`,
      );
    }
  }
  return [...seen.values()];
}

async function configPlatform(
  source: { readonly store: ContentReader; readonly fetcher: Fetcher },
  { config, layers }: Manifest,
  signal: AbortSignal,
): Promise<Platform | undefined> {
  if (!isImageConfigType(config.mediaType)) return undefined;
  const bytes = await fetchVerified(source, config, CONFIG_MAX_BYTES, `config "${config.digest}"`, signal);
  if (isArtifactConfig(bytes, layers.length)) return undefined;
  return parseImageConfig(bytes, `config "${config.digest}"`).platform;
}
