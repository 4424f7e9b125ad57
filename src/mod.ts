/**
 * dray as a library: pulls images from registries into a store, which is a plain OCI image layout, and manages it.
 *
 * {@linkcode openImages} opens a store and gives you every operation on its images. {@linkcode openRegistry} opens a
 * registry client without a store, for {@linkcode fetchManifest}, {@linkcode fetchBlob} and {@linkcode listReferrers}.
 * Every byte that these functions return or store is verified. The library never prints, reads the environment or ends
 * the process. Errors are {@linkcode AppError}s with a documented code, or the reason of the caller's signal.
 *
 * @example Open a store, follow the progress of a pull, and cancel it after one minute
 * ```ts
 * import { isCode, openImages } from "./mod.ts";
 *
 * await using images = await openImages({ root: await Deno.makeTempDir(), registry: { attempts: 1 } });
 * try {
 *   const { image, fetched } = await images.pull("localhost:1/hello:1.0", {
 *     onEvent: (event) => event.kind === "blob" && console.log(event.digest, event.state),
 *     signal: AbortSignal.timeout(60_000),
 *   });
 *   console.log(image.id, fetched);
 * } catch (error) {
 *   console.assert(isCode(error, "network")); // No registry listens on port 1.
 * }
 * console.assert((await images.list()).length === 0);
 * ```
 *
 * @module
 */
export { AppError, codeOf, isCode } from "./base/errors.ts";
export type { AppErrorOptions, ErrorCode, ErrorDetails } from "./base/errors.ts";
export type { ByteReader, ByteSink } from "./base/bytes.ts";
export type { HashAlgorithm } from "./base/hash.ts";
export { ANONYMOUS } from "./content/credential.ts";
export type { Credential, CredentialSource, FoundCredential } from "./content/credential.ts";
export type { LayerMetadata, LayerTally, UnpackedLayer } from "./content/layer_store.ts";
export type { StoreUsage } from "./content/maintenance.ts";
export type {
  FetchBody,
  Fetcher,
  FetchOptions,
  Remote,
  RemoteOptions,
  Resolved,
  Resolver,
  TagPage,
  TransferEvent,
  TransferRetry,
} from "./content/remote.ts";
export type { CredentialHelperOptions } from "./credentials/helper.ts";
export { credentialLocations } from "./credentials/locations.ts";
export type { CredentialFile, CredentialLocations } from "./credentials/locations.ts";
export { chainCredentials, fileCredentials, fixedCredentials } from "./credentials/source.ts";
export type { HostSettings } from "./hosts/settings.ts";
export type { ProxySettings } from "./http/network/proxies.ts";
export type { SystemRootPaths } from "./http/tls/tls.ts";
export { fetchBlob, fetchManifest, listReferrers } from "./image/fetch.ts";
export type { FetchedManifest } from "./image/fetch.ts";
export { openImages } from "./image/open.ts";
export type { OpenOptions } from "./image/open.ts";
export { openRegistry } from "./image/registry.ts";
export type { RegistrySettings } from "./image/registry.ts";
export type { ImageService } from "./image/service.ts";
export type { ExportLayoutOptions, ImageArchiveFormat } from "./image/archive/export.ts";
export type { ImportOptions } from "./image/archive/import.ts";
export type { BlobRole, BlobState, PlannedBlob, PullEvent, PullListener } from "./image/model/events.ts";
export type {
  BlobFault,
  CallOptions,
  CollectOptions,
  DiskUsage,
  ImageDetails,
  ImageSummary,
  ImageUsage,
  LayerDetails,
  PlatformDetails,
  PullOptions,
  PullResult,
  RemoveOptions,
  RemoveResult,
  SweepResult,
  VerifyOptions,
  VerifyProgress,
  VerifyResult,
} from "./image/model/types.ts";
export type { ImageDiff, PathChange } from "./image/unpack/diff.ts";
export type { UnpackImageOptions, UnpackImageResult } from "./image/unpack/unpack.ts";
export type { Descriptor } from "./oci/descriptor.ts";
export { digestOf, parseDigest } from "./oci/digest.ts";
export type { Digest } from "./oci/digest.ts";
export type { ImageDocument, ImageIndex, Manifest } from "./oci/document.ts";
export type { ExecutionConfig, ImageConfig } from "./oci/image_config.ts";
export type { JsonObject } from "./oci/json.ts";
export {
  DOCKER_CONFIG,
  DOCKER_LAYER,
  DOCKER_LAYER_GZIP,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_INDEX,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  OCI_MANIFEST,
} from "./oci/media_type.ts";
export { formatPlatform, parsePlatform } from "./oci/platform.ts";
export type { Platform } from "./oci/platform.ts";
export { formatReference, parseReference } from "./oci/reference.ts";
export type { Reference } from "./oci/reference.ts";
export type { Registry } from "./registry/registry.ts";
export type { RegistryClientSettings } from "./registry/settings.ts";
export type { LayerReport } from "./unpack/unpack.ts";
export type { SkippedItem, SkippedKind } from "./unpack/apply/skipped.ts";
