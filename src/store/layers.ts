/**
 * Unpacked layers.
 *
 * A layer is unpacked in a staging directory, which gets a marker file and is then renamed. A directory
 * without a marker isn't a layer.
 *
 * @module
 */
import { AppError, isCode } from "../base/errors.ts";
import type { LayerMetadata, StagedLayer, UnpackedLayer } from "../content/layer_store.ts";
import { readDigest } from "../oci/descriptor.ts";
import { type Digest, findDigest } from "../oci/digest.ts";
import { asObject, asSize, parseJsonObject } from "../oci/json.ts";
import { makeDirectorySync, renameOver, syncDirectory, syncFile } from "./fs/fs.ts";
import { attempt, attemptAsync } from "./fs/fs_errors.ts";
import { writeAll } from "./fs/write_all.ts";
import { isMissing } from "../base/os_errors.ts";
import type { Locks } from "./locks/locks.ts";
import { entriesIn } from "./fs/file_snapshot.ts";
import type { StorePaths } from "./layout/paths.ts";

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
      return { chainId, path: rootfs, metadata: parseMarker(bytes, `"${marker}"`) };
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
    try {
      if (await this.find(chainId) !== undefined) {
        lock[Symbol.dispose]();
        return "ready";
      }
      const directory = this.#paths.layerStaging(chainId, crypto.randomUUID());
      makeDirectorySync(directory, STAGING_MODE);
      makeDirectorySync(`${directory}/rootfs`, 0o755);
      return this.#staged(chainId, directory, lock);
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  /** See `LayerStore.listLayers`. */
  async list(): Promise<readonly UnpackedLayer[]> {
    const layers: UnpackedLayer[] = [];
    for (const { name } of await entriesIn(this.#paths.layers)) {
      const chainId = findDigest(`sha256:${name}`);
      const layer = chainId === undefined ? undefined : await this.find(chainId);
      if (layer !== undefined) layers.push(layer);
    }
    return layers;
  }

  /** See `LayerStore.removeLayer`. Removes the marker first, so that a partial layer never looks complete. */
  async remove(chainId: Digest): Promise<void> {
    const { directory, marker } = this.#paths.layer(chainId);
    await removeTree(marker);
    await syncDirectory(directory).catch(ignoreMissing);
    await removeTree(directory);
    await removeTree(this.#paths.layerLock(chainId));
  }

  /** See `LayerStore.removeStagedLayers`. Also removes layers whose removal was interrupted. */
  async removeStaged(): Promise<number> {
    let count = 0;
    for (const { name } of await entriesIn(this.#paths.layers)) {
      const chainId = findDigest(`sha256:${name}`);
      if (chainId !== undefined && await this.find(chainId) !== undefined) continue;
      await removeTree(`${this.#paths.layers}/${name}`);
      count++;
    }
    return count;
  }

  #staged(chainId: Digest, directory: string, lock: Disposable): StagedLayer {
    const { layers } = this.#paths;
    const final = this.#paths.layer(chainId);
    let isOpen = true;
    return {
      chainId,
      path: `${directory}/rootfs`,
      async publish(metadata, syncTree) {
        if (!await syncTree(directory)) {
          throw new AppError(
            "permission_denied",
            `Cannot make layer "${chainId}" durable: missing permission: add --allow-ffi`,
          );
        }
        await writeMarker(`${directory}/ready.json`, metadata);
        await syncDirectory(directory);
        // An interrupted removal may have left a directory without a marker.
        await removeTree(final.directory);
        renameOver(directory, final.directory);
        await syncDirectory(layers);
        isOpen = false;
        lock[Symbol.dispose]();
        return { chainId, path: final.rootfs, metadata };
      },
      async [Symbol.asyncDispose]() {
        if (!isOpen) return;
        isOpen = false;
        try {
          await removeTree(directory);
        } finally {
          lock[Symbol.dispose]();
        }
      },
    };
  }
}

async function writeMarker(path: string, { skipped, ...metadata }: LayerMetadata): Promise<void> {
  const options = { write: true, createNew: true, mode: MARKER_MODE };
  using file = attempt("write", path, () => Deno.openSync(path, options));
  const bytes = new TextEncoder().encode(JSON.stringify({ ...metadata, leftOut: skipped }));
  writeAll(file, path, bytes);
  await syncFile(file, path);
}

function parseMarker(bytes: Uint8Array, where: string): LayerMetadata {
  const fields = parseJsonObject(bytes, where);
  const counts = asObject(fields.leftOut ?? {}, `${where}.leftOut`);
  return {
    diffId: readDigest(fields.diffId, `${where}.diffId`),
    entries: asSize(fields.entries, `${where}.entries`),
    unpackedBytes: asSize(fields.unpackedBytes, `${where}.unpackedBytes`),
    skipped: Object.fromEntries(
      Object.entries(counts).map(([kind, count]) => [kind, asSize(count, `${where}.leftOut`)]),
    ),
  };
}

async function removeTree(path: string): Promise<void> {
  await attemptAsync("remove", path, () => Deno.remove(path, { recursive: true })).catch(ignoreMissing);
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
