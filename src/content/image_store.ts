/**
 * The contract of the image store: references and what they point at.
 *
 * @module
 */
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { Platform } from "../oci/platform.ts";

/** One name and what it stands for. Several names may stand for one image. */
export interface ImageRecord {
  /** The name in full: `docker.io/library/nginx:latest`, or with `@sha256:…` in place of the tag. */
  readonly name: string;
  /** What the reference points at in its registry: an index, or a manifest. Its bytes are in the store. */
  readonly target: Descriptor;
  /** The manifest that was chosen for the platform; the target itself if that is a manifest. */
  readonly manifest: Descriptor;
  /** Whether the chosen manifest alone is here, or everything below the target. */
  readonly scope: "one-platform" | "all-platforms";
  /** The digest of the chosen manifest's config. */
  readonly imageId: Digest;
  /** An image can be run; an artifact has a config of another kind. */
  readonly kind: "image" | "artifact";
  /** What the chosen manifest was built for; artifacts may have none. */
  readonly platform?: Platform;
  /** Bytes of the chosen manifest, its config and its layers, each blob once. */
  readonly size: number;
  /** Not to be collected by a kubelet. */
  readonly pinned: boolean;
  /** When the name was last pulled or imported, in milliseconds since 1970. */
  readonly pulledAt: number;
  /** Repositories that had all blobs, the newest first: where a repair asks. */
  readonly origins: readonly string[];
}

/** References and their targets. */
export interface ImageStore {
  /**
   * All records, sorted by name. Never waits for a writer. As long as nothing changes it may give the same array again;
   * it never changes one that it gave.
   */
  listImages(): Promise<readonly ImageRecord[]>;
  /**
   * Descriptors that other tools keep in the same store under names of their own (`v1`) and that are no records. No
   * update touches them, unless a record takes exactly their name. A collector takes them for roots.
   */
  listForeign(): Promise<readonly Descriptor[]>;
  /**
   * Changes the records in one transaction: `change` gets the newest ones by name and gives the ones that shall stand
   * after it. It runs under the lock of all processes, so it must neither wait for anything nor take long.
   *
   * @returns the records that stand now
   * @throws what `change` throws, and nothing is changed; AppError `no_space`, `permission_denied`, the signal's reason
   */
  updateImages(
    change: (records: ReadonlyMap<string, ImageRecord>) => Iterable<ImageRecord>,
    signal: AbortSignal,
  ): Promise<readonly ImageRecord[]>;
}
