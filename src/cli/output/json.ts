/**
 * Converts results of the library into the shapes of `--json`.
 *
 * @module
 */
import type {
  ImageDetails,
  ImageSummary,
  PullResult,
  SweepResult,
  VerifyResult,
} from "../../image/model/types.ts";
import { formatPlatform, type Platform } from "../../oci/platform.ts";
import type { ImageJson, InspectJson, PullJson, SweepJson, VerifyJson } from "./json_shapes.ts";

function platformText(platform: Platform | undefined): string | null {
  return platform === undefined ? null : formatPlatform(platform);
}

/** The names of an image: those with a tag, or those with a digest if no name has a tag. */
export function namesOf({ repoTags, repoDigests }: ImageSummary): readonly string[] {
  return repoTags.length > 0 ? repoTags : repoDigests;
}

/** One element of `dray images --json`. */
export function imageJson(image: ImageSummary): ImageJson {
  const { id, repoTags, repoDigests, digests, kind, scope, size, pinned, origins } = image;
  return {
    id,
    names: namesOf(image),
    repoTags,
    repoDigests,
    digests,
    manifest: image.manifest.digest,
    target: image.target.digest,
    kind,
    scope,
    platform: platformText(image.platform),
    size,
    pinned,
    pulledAt: new Date(image.pulledAt).toISOString(),
    origins,
  };
}

/** The output of `dray inspect --json`. */
export function inspectJson(image: ImageDetails): InspectJson {
  const { imageConfig, layers, platforms, annotations } = image;
  return {
    ...imageJson(image),
    created: imageConfig?.created ?? null,
    author: imageConfig?.author ?? null,
    layers: layers.map(({ digest, mediaType, size, diffId = null, chainId = null, present }) => ({
      digest,
      mediaType,
      size,
      diffId,
      chainId,
      present,
    })),
    platforms: platforms.map(({ digest, platform, present }) => ({
      digest,
      platform: platformText(platform),
      present,
    })),
    annotations,
    config: imageConfig?.raw ?? null,
  };
}

/** One element of `dray pull --json`. */
export function pullJson({ image, name, names, fetched, present }: PullResult): PullJson {
  const { id, target, manifest, platform, size } = image;
  return {
    name,
    names,
    id,
    target: target.digest,
    manifest: manifest.digest,
    platform: platformText(platform),
    size,
    fetched,
    present,
  };
}

/** The output of `dray gc --json`. */
export function sweepJson(swept: SweepResult): SweepJson {
  const plain = (items: SweepResult["blobs"]) => items.map(({ digest, size }) => ({ digest, size }));
  return {
    names: [...swept.names],
    blobs: plain(swept.blobs),
    partials: plain(swept.partials),
    layers: [...swept.layers],
    remains: plain(swept.remains),
    layerBytes: swept.layerBytes,
    freed: swept.freed,
  };
}

/** The output of `dray verify --json`. */
export function verifyJson({ blobs, layers, bytes, faults }: VerifyResult): VerifyJson {
  return {
    blobs,
    layers,
    bytes,
    faults: faults.map(({ digest, object, kind, found, names, repaired, repairError = null }) => ({
      digest,
      object,
      kind,
      found,
      names,
      repaired,
      repairError,
    })),
  };
}
