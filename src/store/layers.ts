/**
 * Unpacked layers.
 *
 * A layer is unpacked in a staging directory, which gets a marker file and is then renamed. A directory
 * without a marker isn't a layer. A removal renames the layer to a staging directory, which is deleted later. Unpacking,
 * removing and deleting take the lock of the chain id, so a staging directory whose lock is free isn't in use.
 *
 * @module
 */
import { AppError, isCode } from "../base/errors.ts";
import type {
  LayerMetadata,
  LayerRemains,
  LayerTally,
  StagedLayer,
  UnpackedLayer,
} from "../content/layer_store.ts";
import { readDigest } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { asObject, asSize, asStringMap, parseJsonObject } from "../oci/json.ts";
import { makeDirectorySync, removeQuietly, renameOver, syncDirectory, syncFile } from "./fs/fs.ts";
import { attempt, attemptAsync } from "./fs/fs_errors.ts";
import { writeAll } from "./fs/write_all.ts";
import { isMissing } from "../base/system/os_errors.ts";
import type { Locks } from "./locks/locks.ts";
import { entriesIn, statIfExists } from "./fs/file_snapshot.ts";
import { parseLayerName, type StorePaths } from "./layout/paths.ts";
import { measureTree } from "./usage.ts";

/** Other users must not reach unpacked layers through the store. */
const STAGING_MODE = 0o700;
const MARKER_MODE = 0o600;

/** The unpacked layers of a store. */
export class Layers {
  readonly #paths: StorePaths;
  readonly #locks: Locks;

  constructor(deps: { readonly paths: StorePaths; readonly locks: Locks }) {
    this.#paths = deps.paths;
    this.#locks = deps.locks;
  }

  /**
   * See `LayerStore.findLayer`. A layer with a damaged marker is ignored, and unpacked from its blob again.
   */
  // deno-lint-ignore require-await
  async find(chainId: Digest): Promise<UnpackedLayer | undefined> {
    const { rootfs, marker } = this.#paths.layer(chainId);
    try {
      const bytes = attempt("read", marker, () => Deno.readFileSync(marker));
      return { chainId, path: rootfs, ...parseMarker(bytes, `"${marker}"`), publishedAt: timeOf(marker) };
    } catch (error) {
      if (isMissing(error) || isCode(error, "invalid_content")) return undefined;
      throw error;
    }
  }

  /** See `LayerStore.stageLayer`. */
  async stage(
    chainId: Digest,
    mode: "wait" | "try",
    signal: AbortSignal,
  ): Promise<StagedLayer | "ready" | "busy"> {
    signal.throwIfAborted();
    if (await this.find(chainId) !== undefined) return "ready";
    const path = this.#paths.layerLock(chainId);
    const lock = mode === "try"
      ? await this.#locks.tryTake(path, "exclusive")
      : await this.#locks.take(path, "exclusive", signal);
    if (lock === undefined) return "busy";
    // The file is removed while it is locked: a server would otherwise collect one for each layer that it ever unpacked.
    const release = () => {
      removeQuietly(path);
      lock[Symbol.dispose]();
    };
    try {
      if (await this.find(chainId) !== undefined) {
        release();
        return "ready";
      }
      const directory = this.#paths.layerStaging(chainId, crypto.randomUUID());
      makeDirectorySync(directory, STAGING_MODE);
      makeDirectorySync(`${directory}/rootfs`, 0o755);
      return this.#staged(chainId, directory, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** See `LayerStore.listLayers`. */
  async list(): Promise<readonly UnpackedLayer[]> {
    const layers: UnpackedLayer[] = [];
    for (const { name } of await entriesIn(this.#paths.layers)) {
      const parsed = parseLayerName(name);
      const layer = parsed === undefined || parsed.isStaging ? undefined : await this.find(parsed.chainId);
      if (layer !== undefined) layers.push(layer);
    }
    return layers;
  }

  /** See `LayerStore.measureLayer`. */
  async measure(chainId: Digest): Promise<number> {
    return await measureTree(this.#paths.layer(chainId).directory);
  }

  /** See `LayerStore.removeLayer`. */
  async remove(chainId: Digest): Promise<boolean> {
    const lockPath = this.#paths.layerLock(chainId);
    using lock = await this.#locks.tryTake(lockPath, "exclusive");
    if (lock === undefined) return false;
    try {
      renameOver(
        this.#paths.layer(chainId).directory,
        this.#paths.layerStaging(chainId, crypto.randomUUID()),
      );
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    removeQuietly(lockPath);
    return true;
  }

  /** See `LayerStore.listLayerRemains`. */
  async listRemains(): Promise<readonly LayerRemains[]> {
    return await this.#eachRemains(async ({ path, ...remains }) => ({
      ...remains,
      bytes: await measureTree(path),
    }));
  }

  /** See `LayerStore.deleteLayerRemains`. */
  async deleteRemains(): Promise<readonly LayerRemains[]> {
    let isSynced = false;
    return await this.#eachRemains(async ({ path, ...remains }) => {
      const bytes = await measureTree(path);
      // Before files are deleted, the new name must be durable: otherwise the layer could look complete after a power
      // failure.
      if (!isSynced) await syncDirectory(this.#paths.layers);
      isSynced = true;
      await removeTree(path);
      return { ...remains, bytes };
    });
  }

  /** Calls `use` for each directory that isn't a layer and that no task uses, while none can begin to use it. */
  async #eachRemains<T>(
    use: (remains: Omit<LayerRemains, "bytes"> & { readonly path: string }) => Promise<T>,
  ): Promise<readonly T[]> {
    const results: T[] = [];
    for (const { name } of await entriesIn(this.#paths.layers)) {
      const parsed = parseLayerName(name);
      if (parsed === undefined) continue;
      const { chainId, isStaging } = parsed;
      if (!isStaging && await this.find(chainId) !== undefined) continue;
      using lock = await this.#locks.tryTake(this.#paths.layerLock(chainId), "exclusive");
      if (lock === undefined) continue;
      const path = `${this.#paths.layers}/${name}`;
      // It may have been published or deleted before we got the lock.
      const isGone = statIfExists(path) === undefined || !isStaging && await this.find(chainId) !== undefined;
      if (!isGone) results.push(await use({ chainId, isUnmarked: !isStaging, path }));
      if (this.#locks.canCreate) removeQuietly(this.#paths.layerLock(chainId));
    }
    return results;
  }

  #staged(chainId: Digest, directory: string, release: () => void): StagedLayer {
    const { layers } = this.#paths;
    const final = this.#paths.layer(chainId);
    let isOpen = true;
    return {
      chainId,
      path: `${directory}/rootfs`,
      async publish(metadata, syncTree) {
        // While the disk syncs, this thread has time to count.
        const [isSynced, tally] = await Promise.all([
          syncTree(directory),
          tallyTree(`${directory}/rootfs`),
        ]);
        if (!isSynced) {
          throw new AppError(
            "permission_denied",
            `Cannot make layer "${chainId}" durable: missing permission: add --allow-ffi`,
          );
        }
        await writeMarker(`${directory}/ready.json`, metadata, tally);
        await syncDirectory(directory);
        // An interrupted removal may have left a directory without a marker.
        await removeTree(final.directory);
        renameOver(directory, final.directory);
        await syncDirectory(layers);
        isOpen = false;
        release();
        return { chainId, path: final.rootfs, metadata, tally, publishedAt: timeOf(final.marker) };
      },
      async [Symbol.asyncDispose]() {
        if (!isOpen) return;
        isOpen = false;
        try {
          await removeTree(directory);
        } finally {
          release();
        }
      },
    };
  }
}

function timeOf(marker: string): number {
  return statIfExists(marker)?.mtime?.getTime() ?? 0;
}

/** See `LayerStore.tallyLayer`. */
export async function tallyTree(root: string): Promise<LayerTally> {
  let nodes = 0;
  let bytes = 0;
  const directories = [root];
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    for (const { name, isDirectory, isFile } of await entriesIn(directory)) {
      nodes++;
      if (isDirectory) directories.push(`${directory}/${name}`);
      if (isFile) bytes += sizeOf(`${directory}/${name}`);
    }
  }
  return { nodes, bytes };
}

/** Deno can't name a file whose name isn't UTF-8; it counts as empty each time. */
function sizeOf(path: string): number {
  try {
    return attempt("read", path, () => Deno.lstatSync(path)).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

async function writeMarker(
  path: string,
  { skipped, ...metadata }: LayerMetadata,
  tally: LayerTally,
): Promise<void> {
  const options = { write: true, createNew: true, mode: MARKER_MODE };
  using file = attempt("write", path, () => Deno.openSync(path, options));
  const bytes = new TextEncoder().encode(JSON.stringify({ ...metadata, tally, leftOut: skipped }));
  writeAll(file, path, bytes);
  await syncFile(file, path);
}

function parseMarker(bytes: Uint8Array, where: string): Pick<UnpackedLayer, "metadata" | "tally"> {
  const fields = parseJsonObject(bytes, where);
  const counts = asObject(fields.leftOut ?? {}, `${where}.leftOut`);
  const metadata = {
    diffId: readDigest(fields.diffId, `${where}.diffId`),
    entries: asSize(fields.entries, `${where}.entries`),
    unpackedBytes: asSize(fields.unpackedBytes, `${where}.unpackedBytes`),
    skipped: Object.fromEntries(
      Object.entries(counts).map(([kind, count]) => [kind, asSize(count, `${where}.leftOut`)]),
    ),
    lowerSymlinks: asStringMap(fields.lowerSymlinks ?? {}, `${where}.lowerSymlinks`),
  };
  if (fields.tally === undefined) return { metadata };
  const tally = asObject(fields.tally, `${where}.tally`);
  return {
    metadata,
    tally: {
      nodes: asSize(tally.nodes, `${where}.tally.nodes`),
      bytes: asSize(tally.bytes, `${where}.tally.bytes`),
    },
  };
}

async function removeTree(path: string): Promise<void> {
  await attemptAsync("remove", path, () => Deno.remove(path, { recursive: true })).catch(ignoreMissing);
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
