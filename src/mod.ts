/**
 * dray as a library: pull images from registries into a store that is a plain OCI image layout, and look after it.
 *
 * {@linkcode openImages} gives everything over one store; {@linkcode pullImage}, {@linkcode openStore} and
 * {@linkcode openRegistry} are its parts, for callers that bring a part of their own. Nothing here prints, reads the
 * environment, or ends the process.
 *
 * @example Open a store, hear of a pull's progress, and give it up after a minute
 * ```ts
 * import { isCode, openImages } from "./mod.ts";
 *
 * const images = await openImages({ root: await Deno.makeTempDir(), registry: { attempts: 1 } });
 * try {
 *   // Nobody listens there: a registry that can be reached would send the image.
 *   const { record } = await images.pull("localhost:1/hello:1.0", {
 *     onEvent: (event) => event.kind === "blob" && console.log(event.digest, event.state),
 *     signal: AbortSignal.timeout(60_000),
 *   });
 *   console.log(record.imageId);
 * } catch (error) {
 *   console.assert(isCode(error, "network"));
 * }
 * console.assert((await images.list()).length === 0);
 * images.close();
 * ```
 *
 * @module
 */
export { AppError, codeOf, isCode } from "./base/errors.ts";
export type { AppErrorOptions, ErrorCode, ErrorDetails } from "./base/errors.ts";
export type { ByteReader, ByteSink } from "./base/bytes.ts";
export type { OnSlowWait } from "./base/slow_wait.ts";
export type { StartWorker, WorkerTask } from "./base/worker.ts";
export { ANONYMOUS } from "./content/credential.ts";
export type { Credential, CredentialSource, FoundCredential } from "./content/credential.ts";
export type { ImageRecord, ImageStore } from "./content/image_store.ts";
export type { LayerMetadata, LayerStore, StagedLayer, UnpackedLayer } from "./content/layer_store.ts";
export type { IngestStatus, StoreMaintenance, StoreUsage } from "./content/maintenance.ts";
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
export type {
  AnonymousIngest,
  AnonymousIngester,
  BlobInfo,
  ContentReader,
  ContentStore,
  Ingest,
  Ingester,
  OpenBlob,
} from "./content/store.ts";
export { credentialLocations } from "./credentials/locations.ts";
export type { CredentialFile, CredentialLocations } from "./credentials/locations.ts";
export type { HelperOptions } from "./credentials/helper.ts";
export type { ProgramEnvironment, ProgramOutput, ProgramRunner } from "./credentials/program.ts";
export { chainCredentials, fileCredentials, fixedCredentials } from "./credentials/source.ts";
export { openImages } from "./image/open.ts";
export type { OpenOptions } from "./image/open.ts";
export { pullImage } from "./image/pull/pull.ts";
export type { ImageDeps, ImageStorage, RemoteOpener, UnpackDeps } from "./image/model/deps.ts";
export type { BlobRole, BlobState, PlannedBlob, PullEvent, PullListener } from "./image/model/events.ts";
export type { ImageService, ImportServiceOptions, UnpackServiceOptions } from "./image/service.ts";
export type { ImageArchiveFormat } from "./image/archive/export.ts";
export type { ImportOptions } from "./image/archive/import.ts";
export type { ImageDiff, PathChange } from "./image/unpack/diff.ts";
export type { UnpackImageOptions, UnpackImageResult } from "./image/unpack/unpack.ts";
export type {
  BlobFault,
  CallOptions,
  CollectOptions,
  DiskUsage,
  ImageDetails,
  ImageSummary,
  LayerDetails,
  PlatformDetails,
  PullOptions,
  PullResult,
  RemoveResult,
  SweepResult,
  VerifyOptions,
  VerifyProgress,
  VerifyResult,
} from "./image/model/types.ts";
export type { Descriptor } from "./oci/descriptor.ts";
export { parseDigest } from "./oci/digest.ts";
export type { Digest } from "./oci/digest.ts";
export type { ImageDocument, ImageIndex, Manifest } from "./oci/document.ts";
export type { ExecutionConfig, ImageConfig } from "./oci/image_config.ts";
export type { JsonObject } from "./oci/json.ts";
export { parsePlatform } from "./oci/platform.ts";
export type { Platform } from "./oci/platform.ts";
export { formatReference, parseReference } from "./oci/reference.ts";
export type { Reference } from "./oci/reference.ts";
export type { Clock } from "./http/clock.ts";
export { openRegistry } from "./image/registry.ts";
export type { Registry } from "./registry/registry.ts";
export type { ProxySettings } from "./http/network/proxies.ts";
export type { RegistrySettings } from "./image/registry.ts";
export { openStore } from "./store/store.ts";
export { COMMIT_STEPS } from "./store/blobs/commit_steps.ts";
export type { CommitStep, OnStep } from "./store/blobs/commit_steps.ts";
export type { Store, StoreOptions } from "./store/store.ts";
export type { LayerReport } from "./unpack/unpack.ts";
export type { SkippedItem, SkippedKind } from "./unpack/apply/skipped.ts";
