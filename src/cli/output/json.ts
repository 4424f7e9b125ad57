/**
 * The shapes that `--json` prints: a contract with other programs. Fields are added, never changed or taken away. Sizes
 * are bytes, times RFC 3339 in UTC, digests `sha256:…`, platforms `os/architecture[/variant]`; what there is not is null.
 *
 * @module
 */
import type { PullResult } from "../../image/model/types.ts";
import type { ImageDetails, ImageSummary, SweepResult, VerifyResult } from "../../image/model/types.ts";
import type { JsonObject } from "../../oci/json.ts";
import { formatPlatform, type Platform } from "../../oci/platform.ts";

/** `dray images --json` prints a list of these. */
export interface ImageJson {
  /** The digest of the config. */
  readonly id: string;
  /** What people call it: its names with a tag, or those with a digest if it has no other. */
  readonly names: readonly string[];
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  /** The manifest that was chosen, and what the names point at: an index, or the same manifest. */
  readonly manifest: string;
  readonly target: string;
  readonly kind: "image" | "artifact";
  readonly scope: "one-platform" | "all-platforms";
  readonly platform: string | null;
  readonly size: number;
  readonly pinned: boolean;
  readonly pulledAt: string;
  readonly origins: readonly string[];
}

/** `dray inspect --json` prints one. */
export interface InspectJson extends ImageJson {
  readonly created: string | null;
  readonly author: string | null;
  readonly layers: readonly {
    readonly digest: string;
    readonly mediaType: string;
    readonly size: number;
    readonly diffId: string | null;
    readonly chainId: string | null;
    readonly present: boolean;
  }[];
  /** What the index has; empty if the name points at a manifest. */
  readonly platforms: readonly {
    readonly digest: string;
    readonly platform: string | null;
    readonly present: boolean;
  }[];
  readonly annotations: Readonly<Record<string, string>>;
  /** The image config as it was written; null for artifacts. */
  readonly config: JsonObject | null;
}

/** `dray pull --json` prints a list of these, one for each image that was pulled. */
export interface PullJson {
  readonly name: string;
  readonly names: readonly string[];
  readonly id: string;
  readonly target: string;
  readonly manifest: string;
  readonly platform: string | null;
  readonly size: number;
  /** Bytes that came over the network, and bytes that were here before. */
  readonly fetched: number;
  readonly present: number;
}

/** What was swept, or would be. */
export interface SweepJson {
  readonly blobs: readonly { readonly digest: string; readonly size: number }[];
  readonly partials: readonly { readonly digest: string; readonly size: number }[];
  /** Chain ids of unpacked layers, whose bytes `freed` does not count. */
  readonly layers: readonly string[];
  readonly freed: number;
}

/** `dray verify --json` prints one. */
export interface VerifyJson {
  readonly blobs: number;
  readonly bytes: number;
  readonly faults: readonly {
    readonly digest: string;
    readonly kind: "missing" | "corrupt" | "unreadable";
    readonly found: string;
    readonly names: readonly string[];
    readonly repaired: boolean;
    readonly repairError: string | null;
  }[];
}

function platformText(platform: Platform | undefined): string | null {
  return platform === undefined ? null : formatPlatform(platform);
}

/** What people call an image: its names with a tag, or those with a digest if it has no other. */
export function namesOf({ repoTags, repoDigests }: ImageSummary): readonly string[] {
  return repoTags.length > 0 ? repoTags : repoDigests;
}

/** An image of the list. */
export function imageJson(image: ImageSummary): ImageJson {
  const { id, repoTags, repoDigests, kind, scope, size, pinned, origins } = image;
  return {
    id,
    names: namesOf(image),
    repoTags,
    repoDigests,
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

/** An inspected image. */
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

/** A pulled image. */
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

/** A sweep. */
export function sweepJson({ blobs, partials, layers, freed }: SweepResult): SweepJson {
  const plain = (items: SweepResult["blobs"]) => items.map(({ digest, size }) => ({ digest, size }));
  return { blobs: plain(blobs), partials: plain(partials), layers: [...layers], freed };
}

/** A verification. */
export function verifyJson({ blobs, bytes, faults }: VerifyResult): VerifyJson {
  return {
    blobs,
    bytes,
    faults: faults.map(({ digest, kind, found, names, repaired, repairError = null }) => ({
      digest,
      kind,
      found,
      names,
      repaired,
      repairError,
    })),
  };
}
