/**
 * Putting the use-cases together with a real store and a real registry client: the only place that names both.
 *
 * What a command does not use is not loaded: listing images needs no network code, and no pull needs the verifier.
 *
 * @module
 */
import { abortScope, neverAborted } from "../base/abort.ts";
import { NO_WORKERS, type StartWorker, workersOf } from "../base/worker.ts";
import type { CredentialSource } from "../content/credential.ts";
import type { RegistrySettings } from "./registry.ts";
import { openStore, type Store } from "../store/store.ts";
import type { PendingResolution } from "./pull/pending_resolution.ts";
import type { ImageDeps, RemoteOpener, UnpackDeps } from "./model/deps.ts";
import { filterImages, findImage } from "./model/find.ts";
import type { ImageService } from "./service.ts";

/** Where the images are and how registries are reached. */
export interface OpenOptions {
  /** The store's folder. */
  readonly root: string;
  /**
   * `read` makes nothing on the disk, and takes a folder that isn't there for an empty store; `write` makes what is
   * missing. @default {"write"}
   */
  readonly mode?: "read" | "write";
  /** How registries are reached. */
  readonly registry?: RegistrySettings;
  /**
   * Starts the threads that take a part of the work off this one where bytes come fast. @default if the library runs
   * from its sources, threads of its own; from a bundle or a compiled program none, see {@linkcode workersOf}
   */
  readonly startWorker?: StartWorker;
}

/**
 * Opens a store and gives the use-cases over it. Close it when done.
 *
 * @throws AppError `store_corrupt`, `permission_denied`, `no_space`
 *
 * @example A store that is not there is an empty one to read from
 * ```ts
 * import { openImages } from "./open.ts";
 *
 * const images = await openImages({ root: "/does/not/exist", mode: "read" });
 * console.assert((await images.list()).length === 0);
 * images.close();
 * ```
 */
export async function openImages(options: OpenOptions): Promise<ImageService> {
  return await open(options, undefined);
}

/** What will be pulled at once. */
export interface InitialPull {
  readonly reference: string;
  readonly credentials?: CredentialSource;
  readonly signal: AbortSignal;
}

/**
 * As {@linkcode openImages}, for who pulls at once: the registry is asked what the reference stands for while the disk
 * makes the store ready. The first `pull` of that reference takes the answer.
 */
export async function openImagesResolving(options: OpenOptions, first: InitialPull): Promise<ImageService> {
  return await open(options, first);
}

async function open(options: OpenOptions, first: InitialPull | undefined): Promise<ImageService> {
  const { mode = "write", startWorker = ownWorkers() } = options;
  type Client = Awaited<ReturnType<typeof openClient>>;
  let client: Promise<Client> | undefined;
  async function openClient() {
    const { openRegistry } = await import("./registry.ts");
    return openRegistry(options.registry ?? {});
  }
  const getClient = () => client ??= openClient();
  const scope = first && abortScope(first.signal);
  const close = () => {
    scope?.[Symbol.dispose]();
    void client?.then((registry) => registry.close());
  };
  let asking = first && scope && ask(getClient(), first, scope.signal);
  // A failure is for the pull that takes the answer.
  asking?.catch(() => {});
  let store: Store;
  try {
    store = await openStore(options.root, { mode, startWorker });
  } catch (error) {
    scope?.abort(error);
    close();
    throw error;
  }
  async function online(): Promise<ImageDeps> {
    return { store, startWorker, registry: await getClient() };
  }
  return {
    pull: async (reference, pullOptions = {}) => {
      const asked = reference === first?.reference ? asking : undefined;
      if (asked !== undefined) asking = undefined;
      const deps = online();
      const { pullResolved } = await import("./pull/pull.ts");
      return await pullResolved(await deps, reference, pullOptions, await asked);
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
      (await import("./gc/sweep.ts")).collectGarbage({ store }, collectOptions),
    verify: async (verifyOptions) =>
      (await import("./verify/verify.ts")).verifyStore(await online(), verifyOptions),
    usage: async () => (await import("./gc/usage.ts")).diskUsage({ store }),
    ...contentUses({ store, startWorker }),
    close,
  };
}

async function ask(
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

/** The use-cases that turn images into directories and archives, and back. */
function contentUses(deps: UnpackDeps & { readonly store: Store }): ContentUses {
  const { store } = deps;
  return {
    unpack: async (image, directory, { signal = neverAborted(), ...unpackOptions } = {}) =>
      (await import("./unpack/unpack.ts")).unpackImage(deps, image, directory, unpackOptions, signal),
    unpackLayers: async (image, { signal = neverAborted() } = {}) =>
      (await import("./unpack/unpack_layers.ts")).unpackLayers(deps, image, signal),
    layerPaths: async (image) => (await import("./unpack/unpack_layers.ts")).layerPaths(store, image),
    exportArchive: async (images, format, sink, { signal = neverAborted() } = {}) =>
      (await import("./archive/export.ts")).exportArchive(store, images, format, sink, signal),
    exportLayout: async (images, directory, { signal = neverAborted() } = {}) => {
      const [{ exportLayout }, { openLayoutDirectory }] = await Promise.all([
        import("./archive/export.ts"),
        import("../store/layout_directory.ts"),
      ]);
      await exportLayout(store, images, () => openLayoutDirectory(directory, { signal }), signal);
    },
    exportRootfs: async (image, sink, { signal = neverAborted() } = {}) =>
      (await import("./archive/rootfs.ts")).exportRootfs(store, image, sink, signal),
    importArchive: async (source, { signal = neverAborted(), ...importOptions } = {}) => {
      const { tarFiles } = await import("./archive/archive_source.ts");
      const { importImages } = await import("./archive/import.ts");
      return await importImages(store, tarFiles(source, signal), importOptions, signal);
    },
    importFolder: async (directory, { signal = neverAborted(), ...importOptions } = {}) => {
      const { directoryFiles } = await import("../store/directory_source.ts");
      const { importImages } = await import("./archive/import.ts");
      return await importImages(store, directoryFiles(directory, signal), importOptions, signal);
    },
    diff: async (first, second, { signal = neverAborted() } = {}) =>
      (await import("./unpack/diff.ts")).diffImages(store, first, second, signal),
  };
}

type ContentUses = Pick<
  ImageService,
  | "unpack"
  | "unpackLayers"
  | "layerPaths"
  | "exportArchive"
  | "exportLayout"
  | "exportRootfs"
  | "importArchive"
  | "importFolder"
  | "diff"
>;

/** What the use-cases need, for who calls them one by one. Close it when done. */
export interface OpenDeps extends ImageDeps {
  /** Closes connections. */
  close(): void;
}

/**
 * Opens a store and the registries, for a server: everything is loaded at once.
 *
 * @throws AppError `store_corrupt`, `permission_denied`, `no_space`
 */
export async function openImageDeps(options: OpenOptions): Promise<OpenDeps> {
  const { mode = "write", startWorker = ownWorkers() } = options;
  const [store, { openRegistry }] = await Promise.all([
    openStore(options.root, { mode, startWorker }),
    import("./registry.ts"),
  ]);
  const registry = openRegistry(options.registry ?? {});
  return { store, startWorker, registry, close: () => registry.close() };
}

/** Where this file is what it was written as, the one that threads run is beside it. */
function ownWorkers(): StartWorker {
  const isSource = import.meta.url.endsWith("/image/open.ts") && !Deno.build.standalone;
  return isSource ? workersOf(import.meta.resolve("./thread.ts")) : NO_WORKERS;
}
