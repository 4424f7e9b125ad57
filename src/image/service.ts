/**
 * All use-cases in one object, as the command line, the CRI service and the library hold them.
 *
 * @module
 */
import type { ByteReader, ByteSink } from "../base/bytes.ts";
import type { RemoteOptions } from "../content/remote.ts";
import type { UnpackedLayer } from "../content/layer_store.ts";
import type { Digest } from "../oci/digest.ts";
import type { ImageArchiveFormat } from "./archive/export.ts";
import type { ImportOptions } from "./archive/import.ts";
import type { ImageDiff } from "./unpack/diff.ts";
import type { UnpackImageOptions, UnpackImageResult } from "./unpack/unpack.ts";
import type {
  CallOptions,
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
} from "./model/types.ts";

/** How to unpack. */
export interface UnpackServiceOptions extends UnpackImageOptions {
  /** Gives the unpacking up; nothing of it stays. */
  readonly signal?: AbortSignal;
}

/** How to import. */
export interface ImportServiceOptions extends ImportOptions {
  /** Gives the import up; no name is recorded. */
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
  remoteDigest(reference: string, options?: RemoteOptions & CallOptions): Promise<Digest>;
  /** All tags of a repository, page by page. @throws AppError `not_found` and network codes */
  remoteTags(repository: string, options?: RemoteOptions & CallOptions): AsyncIterable<readonly string[]>;
  /** Keeps a kubelet from removing an image, or lets it. Returns the image's names. @throws AppError `not_found` */
  pin(image: string, pinned: boolean, options?: CallOptions): Promise<readonly string[]>;
  /** Gives an image a further name, and takes it from the image that had it. Returns the name in full. */
  tag(image: string, name: string, options?: CallOptions): Promise<string>;
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
  /**
   * Unpacks an image to a new or empty directory, which has its name only when all is there.
   *
   * @throws AppError as {@linkcode unpackImage}
   */
  unpack(image: string, directory: string, options?: UnpackServiceOptions): Promise<UnpackImageResult>;
  /** Unpacks an image's layers for overlayfs, and gives their directories, the lowest first. Needs root and libc. */
  unpackLayers(image: string, options?: CallOptions): Promise<readonly UnpackedLayer[]>;
  /** The directories of an image's layers, the lowest first. @throws AppError `not_found` if they are not unpacked */
  layerPaths(image: string): Promise<readonly string[]>;
  /** Writes images as one archive. */
  exportArchive(
    images: readonly string[],
    format: ImageArchiveFormat,
    sink: ByteSink,
    options?: CallOptions,
  ): Promise<void>;
  /**
   * Copies images into another layout, which may have images already. What comes is an OCI image layout and nothing
   * else; one that is killed leaves a folder `.dray-export` in it, which the next export to it removes.
   */
  exportLayout(images: readonly string[], directory: string, options?: CallOptions): Promise<void>;
  /** Writes the root file system of one image as a tar archive, with all attributes, needing no rights. */
  exportRootfs(image: string, sink: ByteSink, options?: CallOptions): Promise<void>;
  /** Imports all images of an archive. Returns their names in full. */
  importArchive(source: ByteReader, options?: ImportServiceOptions): Promise<readonly string[]>;
  /** Imports all images of a layout, or of an archive that was unpacked. Returns their names in full. */
  importFolder(directory: string, options?: ImportServiceOptions): Promise<readonly string[]>;
  /** What two images differ in. */
  diff(first: string, second: string, options?: CallOptions): Promise<ImageDiff>;
  /** Closes connections. The store needs no closing. */
  close(): void;
}
