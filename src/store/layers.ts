/**
 * Unpacked layers on the disk.
 *
 * A layer is unpacked in a directory of its own beside the ready ones, and gets its name last; its marker is inside.
 * So a layer has its name only if all of it is there, and what has no marker is never looked at.
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
import { isMissing } from "../base/os_errors.ts";
import type { Locks } from "./locks/locks.ts";
import { entriesIn } from "./fs/file_snapshot.ts";
import type { StorePaths } from "./layout/paths.ts";

/** What is inside belongs to the images' users: only the store's owner looks at unpacked layers from here. */
const STAGING_MODE = 0o700;

/** The unpacked layers of a store. */
export class Layers {
  readonly #paths: StorePaths;
  readonly #locks: Locks;

  constructor(deps: { readonly paths: StorePaths; readonly locks: Locks }) {
    this.#paths = deps.paths;
    this.#locks = deps.locks;
  }

  /** As `LayerStore.findLayer`. One whose marker is damaged is not ready: it is made again of its blob. */
  // deno-lint-ignore require-await
  async find(chainId: Digest): Promise<UnpackedLayer | undefined> {
    const { rootfs, marker } = this.#paths.layer(chainId);
    try {
      const bytes = attempt("read", marker, () => Deno.readFileSync(marker));
      return { chainId, path: rootfs, facts: readFacts(bytes, `"${marker}"`) };
    } catch (error) {
      if (isMissing(error) || isCode(error, "invalid_content")) return undefined;
      throw error;
    }
  }

  /** As `LayerStore.stageLayer`. */
  async stage(
    chainId: Digest,
    how: "wait" | "try",
    signal: AbortSignal,
  ): Promise<StagedLayer | "ready" | "busy"> {
    signal.throwIfAborted();
    if (await this.find(chainId) !== undefined) return "ready";
    const path = this.#paths.layerLock(chainId);
    const lock = how === "try"
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

  /** As `LayerStore.listLayers`. */
  async list(): Promise<readonly UnpackedLayer[]> {
    const layers: UnpackedLayer[] = [];
    for (const { name } of await entriesIn(this.#paths.layers)) {
      const chainId = findDigest(`sha256:${name}`);
      const layer = chainId === undefined ? undefined : await this.find(chainId);
      if (layer !== undefined) layers.push(layer);
    }
    return layers;
  }

  /** As `LayerStore.removeLayer`. The marker goes first: half a layer must not look ready. */
  async remove(chainId: Digest): Promise<void> {
    const { directory, marker } = this.#paths.layer(chainId);
    await removeTree(marker);
    await syncDirectory(directory).catch(ignoreMissing);
    await removeTree(directory);
    await removeTree(this.#paths.layerLock(chainId));
  }

  /** As `LayerStore.removeStagedLayers`; also what a removal that was killed left. */
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
      async publish(facts, syncTree) {
        if (!await syncTree(directory)) {
          throw new AppError("permission_denied", `Cannot make layer "${chainId}" durable: want --allow-ffi`);
        }
        await writeMarker(`${directory}/ready.json`, facts);
        await syncDirectory(directory);
        // What a removal that was killed half way left there has no marker.
        await removeTree(final.directory);
        renameOver(directory, final.directory);
        await syncDirectory(layers);
        isOpen = false;
        lock[Symbol.dispose]();
        return { chainId, path: final.rootfs, facts };
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

async function writeMarker(path: string, facts: LayerMetadata): Promise<void> {
  using file = attempt("write", path, () => Deno.openSync(path, { write: true, createNew: true }));
  const bytes = new TextEncoder().encode(JSON.stringify(facts));
  for (let at = 0; at < bytes.length;) at += attempt("write", path, () => file.writeSync(bytes.subarray(at)));
  await syncFile(file, path);
}

function readFacts(bytes: Uint8Array, where: string): LayerMetadata {
  const fields = parseJsonObject(bytes, where);
  const counts = asObject(fields.leftOut ?? {}, `${where}.leftOut`);
  return {
    diffId: readDigest(fields.diffId, `${where}.diffId`),
    entries: asSize(fields.entries, `${where}.entries`),
    unpackedBytes: asSize(fields.unpackedBytes, `${where}.unpackedBytes`),
    leftOut: Object.fromEntries(
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
