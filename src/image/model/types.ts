/**
 * Options and results of the use-cases.
 *
 * @module
 */
import type { CredentialSource } from "../../content/credential.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import type { StoreUsage } from "../../content/maintenance.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageConfig } from "../../oci/image_config.ts";
import type { Platform } from "../../oci/platform.ts";
import type { PullListener } from "./events.ts";

/** What every call accepts. */
export interface CallOptions {
  /** Cancels the call. */
  readonly signal?: AbortSignal;
}

/** How to pull. */
export interface PullOptions {
  /** Which platform to choose in an index. @default the machine's */
  readonly platform?: Platform;
  /** Pull everything below an index. @default {false} */
  readonly allPlatforms?: boolean;
  /**
   * Large blobs fetched at once, at least 1. Small ones share a wider limit. @default 6, and up to 10 from a host that is
   * far away or gives little to each connection
   */
  readonly jobs?: number;
  /**
   * Unpack the layers for overlayfs too, each as soon as it is there; the image gets its names when all are ready.
   * Needs root and libc. @default {false}
   */
  readonly unpack?: boolean;
  /** Credentials of this pull alone. @default those of the registry client */
  readonly credentials?: CredentialSource;
  /** Hears what happens. */
  readonly onEvent?: PullListener;
  /** Gives the pull up; what is here by then is gone on from by the next one. */
  readonly signal?: AbortSignal;
}

/** What a pull brought. */
export interface PullResult {
  /** The record under the name that was asked for. */
  readonly record: ImageRecord;
  /** All names that the pull recorded. */
  readonly names: readonly string[];
  /** Bytes that came over the network. */
  readonly fetched: number;
  /** Bytes of blobs that were in the store before. */
  readonly present: number;
}

/** One image of the store, with all its names together. */
export interface ImageSummary {
  /** The digest of the config. */
  readonly id: Digest;
  /** Names with a tag, sorted. */
  readonly repoTags: readonly string[];
  /** Names with a digest, sorted. */
  readonly repoDigests: readonly string[];
  /** The chosen manifest. */
  readonly manifest: Descriptor;
  /** What the names point at in their registry. */
  readonly target: Descriptor;
  /** An image can be run; an artifact has a config of another kind. */
  readonly kind: "image" | "artifact";
  /** Whether the chosen manifest alone is here, or everything below the target. */
  readonly scope: "one-platform" | "all-platforms";
  /** What it was built for; artifacts may have none. */
  readonly platform?: Platform;
  /** Bytes of the manifest, config and layers. */
  readonly size: number;
  /** Whether any name is pinned. */
  readonly pinned: boolean;
  /** When the newest name was pulled, in milliseconds since 1970. */
  readonly pulledAt: number;
  /** Repositories that had all blobs, the newest first. */
  readonly origins: readonly string[];
}

/** A layer of an inspected image. */
export interface LayerDetails {
  /** Of the compressed bytes. */
  readonly digest: Digest;
  /** How it is packed. */
  readonly mediaType: string;
  /** Compressed bytes. */
  readonly size: number;
  /** Undefined for artifacts. */
  readonly diffId?: Digest;
  /** The layer together with all below it; undefined for artifacts. */
  readonly chainId?: Digest;
  /** Whether the blob is in the store. */
  readonly present: boolean;
}

/** A platform of an image's index. */
export interface PlatformDetails {
  /** The manifest for it. */
  readonly digest: Digest;
  /** What the index says; undefined if it says nothing. */
  readonly platform?: Platform;
  /** Whether its manifest is in the store. */
  readonly present: boolean;
}

/** All that the store knows of an image. */
export interface ImageDetails extends ImageSummary {
  /** The descriptor of the config. */
  readonly config: Descriptor;
  /** Undefined for artifacts. */
  readonly imageConfig?: ImageConfig;
  /** From the bottom to the top. */
  readonly layers: readonly LayerDetails[];
  /** The manifests of the index that the name points at; empty if it points at a manifest. */
  readonly platforms: readonly PlatformDetails[];
  /** Annotations of the manifest. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a removal did. */
export interface RemoveResult {
  /** Names that are gone. */
  readonly untagged: readonly string[];
  /** Images that have no name left. */
  readonly deleted: readonly Digest[];
  /** What was swept. Undefined if a running pull held the content: then `gc` frees it later. */
  readonly swept?: SweepResult;
}

/** What a sweep freed, or would free. */
export interface SweepResult {
  /** Blobs that no image needs. */
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
  /** Unfinished writes that nobody goes on with; sizes count the bytes that were here. */
  readonly partials: readonly { readonly digest: Digest; readonly size: number }[];
  /** Chain ids of unpacked layers. Their bytes are not among those freed: hard links make them hard to tell. */
  readonly layers: readonly Digest[];
  /** Bytes of blobs and partials. */
  readonly freed: number;
}

/** How to collect. */
export interface CollectOptions {
  /** Only say what would go. @default {false} */
  readonly dryRun?: boolean;
  /** Partials that no byte was added to for so long go, in milliseconds. @default one day */
  readonly partialAge?: number;
  /** How long to wait for running pulls, in milliseconds. @default {10_000} */
  readonly wait?: number;
  /** Gives the collection up; what was removed by then is gone. */
  readonly signal?: AbortSignal;
}

/** Something that is wrong with a blob. */
export interface BlobFault {
  /** The blob. */
  readonly digest: Digest;
  /** There is no such file, other bytes are in it, or the disk can't read it. */
  readonly kind: "missing" | "corrupt" | "unreadable";
  /** What was found, for people. */
  readonly found: string;
  /** Names of the images that need it. Empty for a blob that no image needs. */
  readonly names: readonly string[];
  /** Whether a repair put it right. */
  readonly repaired: boolean;
  /** Why a repair could not. */
  readonly repairError?: string;
}

/** How to verify. */
export interface VerifyOptions {
  /** References or ids; all of the store without them. */
  readonly images?: readonly string[];
  /** Fetch what is bad and swap it in. @default {false} */
  readonly repair?: boolean;
  /** Blobs hashed at once. @default {2} */
  readonly jobs?: number;
  /** Hears of each blob that was looked at. */
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** Gives the verification up. */
  readonly signal?: AbortSignal;
}

/** How far a verification is. */
export interface VerifyProgress {
  /** Blobs done. */
  readonly blobs: number;
  /** Blobs in all, as far as it is known. */
  readonly totalBlobs: number;
  /** Bytes done. */
  readonly bytes: number;
  /** Bytes in all, as far as it is known. */
  readonly totalBytes: number;
}

/** What a verification found. */
export interface VerifyResult {
  /** Blobs that were hashed. */
  readonly blobs: number;
  /** Bytes that were hashed. */
  readonly bytes: number;
  /** What is wrong, in the order of the images. Empty if all is well. */
  readonly faults: readonly BlobFault[];
}

/** What takes space, by image. */
export interface DiskUsage {
  /** The store as a whole. */
  readonly store: StoreUsage;
  /** Images by name, with the bytes that they alone hold. */
  readonly images: readonly {
    readonly id: Digest;
    readonly names: readonly string[];
    /** Bytes of all its blobs. */
    readonly size: number;
    /** Bytes that go if it alone is removed. */
    readonly unique: number;
  }[];
  /** Bytes of blobs that no image needs. */
  readonly unused: number;
}
