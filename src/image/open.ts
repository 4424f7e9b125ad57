/**
 * Opens the image operations over a store and a registry client.
 *
 * Modules that only some operations need are loaded on first use: start-up time matters to the command line.
 *
 * @module
 */
import { abortScope, neverAborted } from "../base/concurrency/abort.ts";
import { NO_WORKERS, type StartWorker, workersOf } from "../base/concurrency/worker.ts";
import type { CredentialSource } from "../content/credential.ts";
import type { Registry } from "../registry/registry.ts";
import type { RegistrySettings } from "./registry.ts";
import { openStore, type Store } from "../store/store.ts";
import type { PendingResolution } from "./pull/pending_resolution.ts";
import type { ImageDeps, RemoteOpener, UnpackDeps } from "./model/deps.ts";
import { filterImages, findImage } from "./model/find.ts";
import type { ImageService } from "./service.ts";

/** Options of {@linkcode openImages}. */
export interface OpenOptions {
  /** The directory of the store. */
  readonly root: string;
  /**
   * `read` changes nothing on the disk and treats a missing directory as an empty store; `write` creates a missing
   * store. @default {"write"}
   */
  readonly mode?: "read" | "write";
  /** Settings of the registry client. */
  readonly registry?: RegistrySettings;
}

/** Options of {@linkcode openImageService}. */
export interface OpenServiceOptions extends OpenOptions {
  /**
   * Starts worker threads that hash and decompress large layers.
   *
   * @default threads that run `thread.ts`; none in a bundle or a compiled program, which don't have that file
   */
  readonly startWorker?: StartWorker;
}

/**
 * Opens a store. Close or dispose the service after use.
 *
 * @throws AppError `store_corrupt`, `permission_denied`, `no_space`
 *
 * @example In read mode a missing directory is an empty store
 * ```ts
 * import { openImages } from "./open.ts";
 *
 * await using images = await openImages({ root: "/does/not/exist", mode: "read" });
 * console.assert((await images.list()).length === 0);
 * ```
 */
export async function openImages(options: OpenOptions): Promise<ImageService> {
  return await openImageService(options);
}

/** A pull that follows right after opening. */
export interface InitialPull {
  readonly reference: string;
  readonly credentials?: CredentialSource;
  readonly signal: AbortSignal;
}

/**
 * Opens a store like {@linkcode openImages}. If `initialPull` is set, resolves its reference while the store is being
 * opened; the first `pull` of that reference uses the result, including its error.
 */
export async function openImageService(
  options: OpenServiceOptions,
  initialPull?: InitialPull,
): Promise<ImageService> {
  const { mode = "write", startWorker = defaultWorkers() } = options;
  let client: Promise<Registry> | undefined;
  async function openClient() {
    const { openRegistry } = await import("./registry.ts");
    return openRegistry(options.registry ?? {});
  }
  const getClient = () => client ??= openClient();
  const scope = initialPull && abortScope(initialPull.signal);
  const dispose = async () => {
    scope?.[Symbol.dispose]();
    // A client that couldn't be opened has nothing to close; its error was thrown by the call that needed it.
    const registry = await client?.catch(() => undefined);
    registry?.close();
  };
  let pending = initialPull && scope && startInitial(getClient(), initialPull, scope.signal);
  // The pull that uses the resolution throws its error.
  pending?.catch(() => {});
  let store: Store;
  try {
    store = await openStore(options.root, { mode, startWorker });
  } catch (error) {
    scope?.abort(error);
    void dispose();
    throw error;
  }
  async function online(): Promise<ImageDeps> {
    return { store, startWorker, registry: await getClient() };
  }
  return {
    pull: async (reference, pullOptions = {}) => {
      const resolution = reference === initialPull?.reference ? pending : undefined;
      if (resolution !== undefined) pending = undefined;
      const deps = online();
      const { pullResolved } = await import("./pull/pull.ts");
      return await pullResolved(await deps, reference, pullOptions, await resolution);
    },
    list: async (filter) => (await filterImages(store, filter)).map(({ summary }) => summary),
    find: async (image) => (await findImage(store, image)).summary,
    inspect: async (image) => (await import("./model/inspect.ts")).inspectImage({ store }, image),
    remoteDigest: async (reference, remoteOptions) => {
      const { remoteDigest } = await import("./pull/remote.ts");
      return await remoteDigest(await online(), reference, remoteOptions);
    },
    remoteTags: async function* (repository, remoteOptions) {
      const { remoteTags } = await import("./pull/remote.ts");
      yield* remoteTags(await online(), repository, remoteOptions);
    },
    pin: async (image, pinned, { signal = neverAborted() } = {}) =>
      (await import("./pin.ts")).pinImage({ store }, image, pinned, signal),
    tag: async (image, name, { signal = neverAborted() } = {}) =>
      (await import("./tag.ts")).tagImage({ store }, image, name, signal),
    remove: async (images, removeOptions) =>
      (await import("./gc/remove.ts")).removeImages({ store }, images, removeOptions),
    collect: async (collectOptions) =>
      (await import("./gc/expire.ts")).collectExpired({ store }, collectOptions ?? {}),
    verify: async (images, verifyOptions) =>
      (await import("./verify/verify.ts")).verifyStore(await online(), images, verifyOptions),
    usage: async () => (await import("./gc/disk_usage.ts")).diskUsage({ store }),
    ...contentOperations({ store, startWorker }),
    close: () => void dispose(),
    [Symbol.asyncDispose]: dispose,
  };
}

async function startInitial(
  client: Promise<RemoteOpener>,
  { reference, credentials }: InitialPull,
  signal: AbortSignal,
): Promise<PendingResolution> {
  const [registry, { startResolution }, { parseReference }] = await Promise.all([
    client,
    import("./pull/pending_resolution.ts"),
    import("../oci/reference.ts"),
  ]);
  return startResolution(registry, parseReference(reference), credentials, signal);
}

/** The operations that convert images to directories and archives, and back. */
function contentOperations(deps: UnpackDeps & { readonly store: Store }): ContentOperations {
  const { store } = deps;
  return {
    unpack: async (image, directory, { signal = neverAborted(), ...unpackOptions } = {}) =>
      (await import("./unpack/unpack.ts")).unpackImage(deps, image, directory, unpackOptions, signal),
    unpackLayers: async (image, { signal = neverAborted() } = {}) =>
      (await import("./unpack/unpack_layers.ts")).unpackLayers(deps, image, signal),
    layerPaths: async (image) => (await import("./unpack/unpack_layers.ts")).layerPaths(store, image),
    exportArchive: async (images, format, sink, { signal = neverAborted() } = {}) =>
      (await import("./archive/export.ts")).exportArchive(store, images, format, sink, signal),
    exportLayout: async (images, directory, { signal = neverAborted(), onWait } = {}) => {
      const [{ exportLayout }, { openLayoutDirectory }] = await Promise.all([
        import("./archive/export.ts"),
        import("../store/layout_directory.ts"),
      ]);
      await exportLayout(
        store,
        images,
        () => openLayoutDirectory(directory, { signal, ...(onWait && { onWait }) }),
        signal,
      );
    },
    exportRootfs: async (image, sink, { signal = neverAborted() } = {}) =>
      (await import("./archive/rootfs.ts")).exportRootfs(store, image, sink, signal),
    importArchive: async (source, { signal = neverAborted(), ...importOptions } = {}) => {
      const { tarFiles } = await import("./archive/archive_source.ts");
      const { importImages } = await import("./archive/import.ts");
      return await importImages(store, tarFiles(source, signal), importOptions, signal);
    },
    importDirectory: async (directory, { signal = neverAborted(), ...importOptions } = {}) => {
      const { directoryFiles } = await import("../store/directory_source.ts");
      const { importImages } = await import("./archive/import.ts");
      return await importImages(store, directoryFiles(directory, signal), importOptions, signal);
    },
    diff: async (first, second, { signal = neverAborted() } = {}) =>
      (await import("./unpack/diff.ts")).diffImages(store, first, second, signal),
  };
}

type ContentOperations = Pick<
  ImageService,
  | "unpack"
  | "unpackLayers"
  | "layerPaths"
  | "exportArchive"
  | "exportLayout"
  | "exportRootfs"
  | "importArchive"
  | "importDirectory"
  | "diff"
>;

/** The dependencies of the image operations. Close them after use. */
export interface OpenDeps extends ImageDeps {
  /** Closes the connections to registries. */
  close(): void;
}

/**
 * Opens a store and a registry client for a server, which loads the network code immediately.
 *
 * @throws AppError `store_corrupt`, `permission_denied`, `no_space`
 */
export async function openImageDeps(options: OpenServiceOptions): Promise<OpenDeps> {
  const { mode = "write", startWorker = defaultWorkers() } = options;
  const [store, { openRegistry }] = await Promise.all([
    openStore(options.root, { mode, startWorker }),
    import("./registry.ts"),
  ]);
  const registry = openRegistry(options.registry ?? {});
  return { store, startWorker, registry, close: () => registry.close() };
}

/** Only when this module runs from its source file is `thread.ts` next to it. */
function defaultWorkers(): StartWorker {
  const isSource = import.meta.url.endsWith("/image/open.ts") && !Deno.build.standalone;
  return isSource ? workersOf(import.meta.resolve("./thread.ts")) : NO_WORKERS;
}
