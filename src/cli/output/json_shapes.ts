/**
 * The shapes that `--json` prints: a contract with other programs. Fields are added, never changed or
 * removed. Sizes are bytes, times are RFC 3339 in UTC, digests are `sha256:…`, platforms are
 * `os/architecture[/variant]`; a value that doesn't exist is null. `dray help json` describes every field;
 * the type checker compares it with these shapes.
 *
 * @module
 */
import type { JsonObject } from "../../oci/json.ts";

/** `dray images --json` prints a list of these; `dray import --json` too. */
export interface ImageJson {
  /** The digest of the config; for an artifact, the digest of the manifest. */
  readonly id: string;
  readonly names: readonly string[];
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  /** The digest that each name points at. */
  readonly digests: Readonly<Record<string, string>>;
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
  readonly platforms: readonly {
    readonly digest: string;
    readonly platform: string | null;
    readonly present: boolean;
  }[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly config: JsonObject | null;
}

/** `dray pull --json` prints a list of these, one per pulled image. */
export interface PullJson {
  readonly name: string;
  readonly names: readonly string[];
  readonly id: string;
  readonly target: string;
  readonly manifest: string;
  readonly platform: string | null;
  readonly size: number;
  readonly fetched: number;
  readonly present: number;
}

/** `dray digest --json` prints one. */
export interface DigestJson {
  readonly reference: string;
  readonly digest: string;
}

/** `dray tags --json` prints one. */
export interface TagsJson {
  readonly repository: string;
  readonly tags: readonly string[];
}

/** `dray gc --json` prints one: what was deleted, or would be. */
export interface SweepJson {
  readonly names: readonly string[];
  readonly blobs: readonly { readonly digest: string; readonly size: number }[];
  readonly partials: readonly { readonly digest: string; readonly size: number }[];
  readonly layers: readonly string[];
  readonly remains: readonly { readonly digest: string; readonly size: number }[];
  readonly layerBytes: number;
  readonly freed: number;
}

/** `dray rm --json` prints one. */
export interface RemoveJson {
  readonly untagged: readonly string[];
  readonly deleted: readonly string[];
  readonly swept: SweepJson | null;
}

/** `dray verify --json` prints one. */
export interface VerifyJson {
  readonly blobs: number;
  readonly layers: number;
  readonly bytes: number;
  readonly faults: readonly {
    readonly digest: string;
    readonly object: "blob" | "layer";
    readonly kind: "missing" | "corrupt" | "unreadable";
    readonly found: string;
    readonly names: readonly string[];
    readonly repaired: boolean;
    readonly repairError: string | null;
  }[];
}

/** `dray df --json` prints one. */
export interface DfJson {
  readonly root: string;
  readonly blobs: number;
  readonly blobBytes: number;
  readonly partials: number;
  readonly partialBytes: number;
  readonly layerBytes: number;
  readonly inodes: number;
  readonly unused: number;
  readonly unusedLayers: number;
  readonly free: number | null;
  readonly capacity: number | null;
  readonly images: readonly {
    readonly id: string;
    readonly names: readonly string[];
    readonly size: number;
    readonly unique: number;
    readonly layerBytes: number;
    readonly uniqueLayerBytes: number;
  }[];
}

/** `dray unpack --json` prints one. */
export interface UnpackJson {
  readonly directory: string;
  readonly layers: readonly {
    readonly entries: number;
    readonly packedBytes: number;
    readonly unpackedBytes: number;
  }[];
  readonly leftOut: readonly {
    readonly kind: string;
    readonly count: number;
    readonly examples: readonly string[];
  }[];
}

/** `dray mount-options --json` prints one. */
export interface MountOptionsJson {
  readonly lowerdir: readonly string[];
  readonly options: string;
}

/** `dray diff --json` prints one. */
export interface DiffJson {
  readonly sharedLayers: readonly string[];
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
  readonly changes: readonly {
    readonly path: string;
    readonly kind: "added" | "removed" | "changed";
    readonly what: readonly string[];
  }[];
}

/** `dray version --json` prints one. */
export interface VersionJson {
  readonly version: string;
  readonly deno: string;
  readonly v8: string;
  readonly typescript: string;
  readonly target: string;
  readonly standalone: boolean;
}
