/**
 * All use-cases in one object, as the command line, the CRI service and the library hold them.
 *
 * @module
 */
import type { CredentialSource } from "../content/credential.ts";
import type { Digest } from "../oci/digest.ts";
import type {
  CollectOptions,
  DiskUsage,
  ImageDetails,
  ImageSummary,
  PullOptions,
  PullResult,
  RemoveResult,
  SweepResult,
  VerifyOptions,
  VerifyResult,
} from "./types.ts";

/** Where a name points at its registry. */
export interface RemoteOptions {
  /** Credentials of this call alone. */
  readonly credentials?: CredentialSource;
  readonly signal?: AbortSignal;
}

/** The use-cases over one store and one registry client. */
export interface ImageService {
  /**
   * Pulls an image: resolves the name, chooses the platform, brings what is missing, and records the names in one
   * transaction. See {@linkcode PullOptions}.
   *
   * @throws AppError of any code; what is here by then is gone on from by the next pull
   */
  pull(reference: string, options?: PullOptions): Promise<PullResult>;
  /** The images of the store, by their first name. `filter` keeps those of a repository, tag, digest or id. */
  list(filter?: string): Promise<readonly ImageSummary[]>;
  /** Finds one image by name, digest, or an unambiguous part of its id. @throws AppError `not_found`, `invalid_argument` */
  find(image: string): Promise<ImageSummary>;
  /** All that the store knows of one image. @throws AppError `not_found`, `store_corrupt` */
  inspect(image: string): Promise<ImageDetails>;
  /** The digest that a registry has for a name now. @throws AppError `not_found` and network codes */
  remoteDigest(reference: string, options?: RemoteOptions): Promise<Digest>;
  /** All tags of a repository, page by page. @throws AppError `not_found` and network codes */
  remoteTags(repository: string, options?: RemoteOptions): AsyncIterable<readonly string[]>;
  /** Gives an image a further name, and takes it from the image that had it. Returns the name in full. */
  tag(image: string, name: string): Promise<string>;
  /**
   * Removes names: a name untags; an id, or any name with `allTags`, removes the image with all its names. What
   * no image needs any more is swept, unless a pull is running.
   *
   * @throws AppError `not_found`
   */
  remove(
    images: readonly string[],
    options?: { readonly allTags?: boolean; readonly signal?: AbortSignal },
  ): Promise<RemoveResult>;
  /** Sweeps what no image needs, and old partials. @throws AppError `busy` while pulls run longer than it may wait */
  collect(options?: CollectOptions): Promise<SweepResult>;
  /** Hashes blobs again, and repairs them if asked. */
  verify(options?: VerifyOptions): Promise<VerifyResult>;
  /** What takes space. */
  usage(): Promise<DiskUsage>;
  /** Closes connections. The store needs no closing. */
  close(): void;
}
