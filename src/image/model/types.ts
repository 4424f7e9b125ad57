/**
 * Options and results of the image operations.
 *
 * @module
 */
import type { CredentialSource } from "../../content/credential.ts";
import type { StoreUsage } from "../../content/maintenance.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageConfig } from "../../oci/image_config.ts";
import type { Platform } from "../../oci/platform.ts";
import type { PullListener } from "./events.ts";

/** Options that every call accepts. */
export interface CallOptions {
  /** Cancels the call, which then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Options of a pull. */
export interface PullOptions extends CallOptions {
  /**
   * The platform to choose from an index. If set, an image for another platform is an error.
   *
   * @default the platform of this machine
   */
  readonly platform?: Platform;
  /** Pull every platform of an index. Excludes `platform`. @default {false} */
  readonly allPlatforms?: boolean;
  /**
   * Number of large blobs fetched in parallel, from 1 to 64. Small blobs have their own, higher limit.
   *
   * @default 6, and up to 10 if the host is distant or limits the throughput of each connection
   */
  readonly jobs?: number;
  /**
   * Also unpack the layers for overlayfs, each as soon as it is stored. The names are recorded once all layers are
   * unpacked. Needs root and libc. @default {false}
   */
  readonly unpack?: boolean;
  /** Credentials for this pull only. @default the credentials of the registry client */
  readonly credentials?: CredentialSource;
  /** Receives the events of the pull. */
  readonly onEvent?: PullListener;
  /** Cancels the pull. The next pull resumes the partial downloads. */
  readonly signal?: AbortSignal;
}

/** Result of a pull. */
export interface PullResult {
  /** The pulled image, with all its names in the store. */
  readonly image: ImageSummary;
  /** The pulled reference in full, as recorded. */
  readonly name: string;
  /** All names that the pull recorded: the tag (if any) and the digest. */
  readonly names: readonly string[];
  /** Bytes fetched over the network. */
  readonly fetched: number;
  /** Bytes of the image's blobs that were already stored. */
  readonly present: number;
}

/** An image of the store with all names of its manifest. */
export interface ImageSummary {
  /** The image id: the digest of the config. For an artifact, the digest of the manifest. */
  readonly id: Digest;
  /** Names with a tag, sorted. */
  readonly repoTags: readonly string[];
  /** Names with a digest, sorted. */
  readonly repoDigests: readonly string[];
  /** The digest that each name points at: that of an index or of the manifest. */
  readonly digests: Readonly<Record<string, Digest>>;
  /** The manifest of the chosen platform. */
  readonly manifest: Descriptor;
  /** The index or manifest that the names point at in their registry. */
  readonly target: Descriptor;
  /** An artifact has a config of another type than an image and can't be run. */
  readonly kind: "image" | "artifact";
  /** Whether only the chosen manifest is stored, or everything below the target. */
  readonly scope: "one-platform" | "all-platforms";
  /** The platform of the chosen manifest; artifacts may have none. */
  readonly platform?: Platform;
  /** Bytes of the manifest, the config and the layers. */
  readonly size: number;
  /** Whether any name is pinned. */
  readonly pinned: boolean;
  /** When a name was last pulled or imported, in milliseconds since 1970. */
  readonly pulledAt: number;
  /** Repositories that had all blobs, the newest first. */
  readonly origins: readonly string[];
}

/** A layer of an inspected image. */
export interface LayerDetails {
  /** Digest of the compressed bytes. */
  readonly digest: Digest;
  /** Media type, which names the compression. */
  readonly mediaType: string;
  /** Compressed bytes. */
  readonly size: number;
  /** Digest of the uncompressed bytes; undefined for artifacts. */
  readonly diffId?: Digest;
  /** Digest of this layer together with all layers below it; undefined for artifacts. */
  readonly chainId?: Digest;
  /** Whether the blob is stored. */
  readonly present: boolean;
}

/** A platform of an image's index. */
export interface PlatformDetails {
  /** Digest of the manifest. */
  readonly digest: Digest;
  /** The platform according to the index; undefined if the index doesn't say. */
  readonly platform?: Platform;
  /** Whether the manifest is stored. */
  readonly present: boolean;
}

/** Everything that the store knows about an image. */
export interface ImageDetails extends ImageSummary {
  /** Descriptor of the config. */
  readonly config: Descriptor;
  /** The config; undefined for artifacts. */
  readonly imageConfig?: ImageConfig;
  /** The layers, lowest first. */
  readonly layers: readonly LayerDetails[];
  /** The manifests of the index that the names point at; empty if they point at a manifest. */
  readonly platforms: readonly PlatformDetails[];
  /** Annotations of the manifest. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Options of a removal. */
export interface RemoveOptions extends CallOptions {
  /** Also remove all other names of the images. @default {false} */
  readonly allTags?: boolean;
}

/** Result of a removal. */
export interface RemoveResult {
  /** The removed names, sorted. */
  readonly untagged: readonly string[];
  /** Ids of the images that have no name left. */
  readonly deleted: readonly Digest[];
  /** What was deleted. Undefined if a process that only reads the store prevented it; `collect` deletes it later. */
  readonly swept?: SweepResult;
}

/** What a garbage collection deleted, or would delete. */
export interface SweepResult {
  /** Unreferenced blobs; sizes in bytes. */
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
  /** Partial downloads; sizes are the bytes stored so far. */
  readonly partials: readonly { readonly digest: Digest; readonly size: number }[];
  /** Names that expired; see `CollectOptions.unusedFor`. */
  readonly names: readonly string[];
  /** Chain ids of unreferenced unpacked layers. */
  readonly layers: readonly Digest[];
  /** What killed processes left of layers, by chain id; sizes are allocated bytes. */
  readonly remains: readonly { readonly digest: Digest; readonly size: number }[];
  /** Allocated bytes of `layers` and `remains`; hard links count once. */
  readonly layerBytes: number;
  /** Bytes of all of these. */
  readonly freed: number;
}

/** Options of a garbage collection. */
export interface CollectOptions extends CallOptions {
  /** Only return what would be deleted. @default {false} */
  readonly dryRun?: boolean;
  /** Delete partial downloads that have been idle for this many milliseconds. @default one day */
  readonly partialAge?: number;
  /** How long to wait for processes that only read the store, in milliseconds. @default {10_000} */
  readonly wait?: number;
  /**
   * Keep unreferenced blobs and layers that are younger than this, in milliseconds: an interrupted pull may need them
   * when it is repeated. @default {0}
   */
  readonly minAge?: number;
  /**
   * Also remove images whose names of one repository were not pulled or imported for this many milliseconds. Pinned ones
   * stay. @default {none are removed}
   */
  readonly unusedFor?: number;
  /**
   * Of each repository, keep this many images, those that were pulled last. Without `unusedFor`, the others are removed,
   * except pinned ones. @default {0}
   */
  readonly keep?: number;
  /** Names that are pinned in addition to those in the store. @default {none} */
  readonly isPinned?: (name: string) => boolean;
  /** Cancels the collection. What it has deleted stays deleted. */
  readonly signal?: AbortSignal;
}

/** A missing or damaged blob, or a damaged unpacked layer. */
export interface BlobFault {
  /** Digest of the blob, or chain id of the layer. */
  readonly digest: Digest;
  /** What is damaged. */
  readonly object: "blob" | "layer";
  /** The file is missing, has other content, or can't be read. */
  readonly kind: "missing" | "corrupt" | "unreadable";
  /** Human-readable description of what was found. */
  readonly found: string;
  /** Names of the images that reference the blob or have the layer; empty if none does. */
  readonly names: readonly string[];
  /** Whether the blob was fetched again, or the layer unpacked again. */
  readonly repaired: boolean;
  /** Why the repair failed. */
  readonly repairError?: string;
}

/** Options of a verification. */
export interface VerifyOptions extends CallOptions {
  /** Fetch damaged and missing blobs again, and replace them; unpack damaged layers again. @default {false} */
  readonly repair?: boolean;
  /** Compare only the sizes of blobs, and the number and sizes of files of unpacked layers. @default {false} */
  readonly quick?: boolean;
  /** Number of blobs hashed in parallel, at least 1. @default {2} */
  readonly jobs?: number;
  /** Called after each blob. */
  readonly onProgress?: (progress: VerifyProgress) => void;
}

/** Progress of a verification. */
export interface VerifyProgress {
  /** Blobs checked so far. */
  readonly blobs: number;
  /** Blobs to check in total; grows when a repaired document references more. */
  readonly totalBlobs: number;
  /** Bytes checked so far. */
  readonly bytes: number;
  /** Bytes to check in total; grows like `totalBlobs`. */
  readonly totalBytes: number;
}

/** Result of a verification. */
export interface VerifyResult {
  /** Number of blobs checked. */
  readonly blobs: number;
  /** Number of unpacked layers checked. */
  readonly layers: number;
  /** Bytes of the blobs checked. */
  readonly bytes: number;
  /** Missing and damaged blobs in the order of the images, then damaged layers, including repaired ones. */
  readonly faults: readonly BlobFault[];
}

/** Disk usage of the store and of each image. */
export interface DiskUsage {
  /** The whole store. */
  readonly store: StoreUsage;
  /** The images, in the order of their first names. */
  readonly images: readonly ImageUsage[];
  /** Bytes of blobs that no image references. */
  readonly unused: number;
  /** Allocated bytes of unpacked layers that no image has, and of what killed processes left of layers. */
  readonly unusedLayers: number;
}

/** Disk usage of one image. */
export interface ImageUsage {
  /** The image id. */
  readonly id: Digest;
  /** All names of the image, sorted. */
  readonly names: readonly string[];
  /** Bytes of all its stored blobs. */
  readonly size: number;
  /** Bytes of blobs that removing only this image would free. */
  readonly unique: number;
  /** Allocated bytes of its unpacked layers. */
  readonly layerBytes: number;
  /** Allocated bytes of unpacked layers that removing only this image would free. */
  readonly uniqueLayerBytes: number;
}
