/**
 * The image operations as one object: what the command line and the library use.
 *
 * @module
 */
import type { ByteReader, ByteSink } from "../base/bytes.ts";
import type { RemoteOptions } from "../content/remote.ts";
import type { UnpackedLayer } from "../content/layer_store.ts";
import type { Digest } from "../oci/digest.ts";
import type { ExportLayoutOptions, ImageArchiveFormat } from "./archive/export.ts";
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
  RemoveOptions,
  RemoveResult,
  SweepResult,
  VerifyOptions,
  VerifyResult,
} from "./model/types.ts";

/**
 * Operations on the images of one store. Every call takes the image or the images first and its options last. An image
 * is a reference, a digest, an image id, or an unambiguous prefix of at least 3 digits of an id; a call for one image
 * throws `not_found` if the store has no such image.
 */
export interface ImageService extends AsyncDisposable {
  /**
   * Pulls an image: resolves the reference, chooses the platform, fetches the missing blobs, and then records all names
   * in one transaction. A blob is stored only after its digest and size were verified and it was synced.
   *
   * @throws AppError of any code. The next pull resumes partial downloads
   */
  pull(reference: string, options?: PullOptions): Promise<PullResult>;
  /** Lists the images by their first names; with a filter only those of a repository, or with a name, digest or id. */
  list(filter?: string): Promise<readonly ImageSummary[]>;
  /** Finds one image. @throws AppError `not_found`, `invalid_argument` */
  find(image: string): Promise<ImageSummary>;
  /** Reads the documents of an image. @throws AppError `not_found`, `store_corrupt` */
  inspect(image: string): Promise<ImageDetails>;
  /** Returns the digest that a reference points at in its registry. @throws AppError `not_found` and network codes */
  remoteDigest(reference: string, options?: RemoteOptions & CallOptions): Promise<Digest>;
  /** Lists the tags of a repository in its registry, by page. @throws AppError `not_found` and network codes */
  remoteTags(repository: string, options?: RemoteOptions & CallOptions): AsyncIterable<readonly string[]>;
  /**
   * Protects an image from the kubelet's garbage collection, or ends the protection. Applies to all names of the image.
   *
   * @returns the names, sorted
   * @throws AppError `not_found`
   */
  pin(image: string, pinned: boolean, options?: CallOptions): Promise<readonly string[]>;
  /**
   * Adds a name to an image. A name that belongs to another image is moved.
   *
   * @returns the name in full
   * @throws AppError `not_found`; `invalid_argument` for a name with a digest
   */
  tag(image: string, name: string, options?: CallOptions): Promise<string>;
  /**
   * Removes names: a name removes only itself; an id, or any name with `allTags`, removes all names of the image. Also
   * deletes blobs and unpacked layers that are no longer referenced, except what a running operation needs. Removes all
   * images or none.
   *
   * @throws AppError `not_found`
   */
  remove(images: readonly string[], options?: RemoveOptions): Promise<RemoveResult>;
  /**
   * Deletes unreferenced blobs and layers, old partial downloads and what killed processes left, while other operations
   * run. Can also remove old images. @throws AppError `busy` if a process that reads the store keeps running
   */
  collect(options?: CollectOptions): Promise<SweepResult>;
  /** Checks the blobs and unpacked layers of some images, or of the whole store, and optionally repairs them. */
  verify(images: readonly string[] | "all", options?: VerifyOptions): Promise<VerifyResult>;
  /** Returns the disk usage of the store and of each image. */
  usage(): Promise<DiskUsage>;
  /**
   * Unpacks an image to a new or empty directory. The directory gets its name only once it is complete; a cancelled or
   * failed call leaves nothing behind.
   *
   * @throws AppError as {@linkcode unpackImage}
   */
  unpack(
    image: string,
    directory: string,
    options?: UnpackImageOptions & CallOptions,
  ): Promise<UnpackImageResult>;
  /** Unpacks the layers of an image for overlayfs. Needs root and libc. @returns the layers, lowest first */
  unpackLayers(image: string, options?: CallOptions): Promise<readonly UnpackedLayer[]>;
  /** Returns the directories of the layers, lowest first. @throws AppError `not_found` if a layer isn't unpacked */
  layerPaths(image: string): Promise<readonly string[]>;
  /** Writes images as one archive. Doesn't close the sink. */
  exportArchive(
    images: readonly string[],
    format: ImageArchiveFormat,
    sink: ByteSink,
    options?: CallOptions,
  ): Promise<void>;
  /**
   * Copies images into an OCI image layout, which may already contain images. The layout contains only standard files;
   * a killed export leaves a directory `.dray-export`, which the next export to the same layout removes.
   */
  exportLayout(images: readonly string[], directory: string, options?: ExportLayoutOptions): Promise<void>;
  /** Writes the root file system of an image as a tar archive. Needs no privileges. Doesn't close the sink. */
  exportRootfs(image: string, sink: ByteSink, options?: CallOptions): Promise<void>;
  /**
   * Imports all images of an archive. A cancelled or failed import records no name. Doesn't close the source.
   *
   * @returns the recorded names, sorted
   */
  importArchive(source: ByteReader, options?: ImportOptions & CallOptions): Promise<readonly string[]>;
  /** Imports all images of a layout or an extracted archive, like {@linkcode ImageService.importArchive}. */
  importDirectory(directory: string, options?: ImportOptions & CallOptions): Promise<readonly string[]>;
  /** Returns the differences between the root file systems of two images. */
  diff(first: string, second: string, options?: CallOptions): Promise<ImageDiff>;
  /** Closes the connections to registries. Dispose the service to also wait for that. */
  close(): void;
}
