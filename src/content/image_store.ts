/**
 * The contract of the image store: references and their targets.
 *
 * @module
 */
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { Platform } from "../oci/platform.ts";

/** A name and the image that it refers to. Several names may refer to one image. */
export interface ImageRecord {
  /**
   * The full name: `docker.io/library/nginx:latest`, or with `@sha256:…` instead of the tag. A digest in the
   * name is that of the target.
   */
  readonly name: string;
  /** The index or manifest that the reference resolved to. Its bytes are in the store. */
  readonly target: Descriptor;
  /** The manifest chosen for the platform; the target itself if that is a manifest. */
  readonly manifest: Descriptor;
  /** Whether the store has only the chosen manifest, or everything below the target. */
  readonly scope: "one-platform" | "all-platforms";
  /** The digest of the chosen manifest's config; for an artifact, the digest of the manifest itself. */
  readonly imageId: Digest;
  /** An image can be run; an artifact has a config of another type. */
  readonly kind: "image" | "artifact";
  /** The platform of the chosen manifest. Undefined for an artifact that names none. */
  readonly platform?: Platform;
  /** Bytes of the chosen manifest, its config and its layers; each blob counts once. */
  readonly size: number;
  /** Whether a kubelet's garbage collection must keep the image. */
  readonly pinned: boolean;
  /** Time of the last pull or import of the name, in milliseconds since 1970. */
  readonly pulledAt: number;
  /** Repositories that have all blobs, the newest first. A repair fetches from them. */
  readonly origins: readonly string[];
}

/** References and their targets. */
export interface ImageStore {
  /**
   * All records, sorted by name. Never waits for a writer. May return the same array again while nothing has
   * changed; a returned array never changes.
   */
  listImages(): Promise<readonly ImageRecord[]>;
  /**
   * Descriptors that other tools added to the same store under their own names (`v1`). No update changes them
   * unless a record gets exactly their name. A garbage collector must treat them as roots.
   */
  listUnmanaged(): Promise<readonly Descriptor[]>;
  /**
   * Changes the records in one transaction: `change` gets the newest records by name and returns all records
   * to store. It runs under a lock that excludes all other processes, so it must return quickly and must not
   * wait.
   *
   * @returns the stored records
   * @throws what `change` throws (nothing is changed then); AppError `no_space`, `permission_denied`; the
   * signal's reason
   */
  updateImages(
    change: (records: ReadonlyMap<string, ImageRecord>) => Iterable<ImageRecord>,
    signal: AbortSignal,
  ): Promise<readonly ImageRecord[]>;
}
