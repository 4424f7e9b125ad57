/**
 * Unpacking the layers of an image while its other layers are still being fetched.
 *
 * @module
 */
import { abortScope } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import { NO_WORKERS } from "../../base/concurrency/worker.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { chainIdsOf } from "../../oci/image_config.ts";
import { isImageConfigType } from "../../oci/media_type.ts";
import { ThreadDecoder } from "../../unpack/decode/thread_decoder.ts";
import type { ImageStorage, UnpackDeps } from "../model/deps.ts";
import type { PullListener } from "../model/events.ts";
import { readConfig } from "../model/inspect.ts";
import { layersOf } from "../model/layers.ts";
import type { PullPlan } from "../model/plan.ts";
import {
  beginLayers,
  type LayerUnpacking,
  missingLayersText,
  PARALLEL_LAYERS,
} from "../unpack/unpack_layers.ts";

/** A layer of the image, which may have the same blob at several positions. */
interface Layer {
  readonly position: number;
  readonly descriptor: Descriptor;
}

/** Unpacks the layers of a pull as they are stored. Dispose it on every path. */
export class PullUnpacker implements AsyncDisposable {
  readonly #store: ImageStorage;
  readonly #plan: PullPlan;
  readonly #onEvent: PullListener;
  readonly #onFailure: (error: unknown) => void;
  readonly #scope: ReturnType<typeof abortScope>;
  /** Blobs that are not stored yet. */
  readonly #missing: Set<Digest>;
  /** Stored layers that are not being unpacked yet. */
  readonly #waiting: Layer[] = [];
  #running = 0;
  /** Everything that has been started. */
  readonly #work: Promise<void>[] = [];
  readonly #decoder: ThreadDecoder;
  #unpacking: Promise<LayerUnpacking> | undefined;

  /**
   * @param listeners `onFailure` is called for the first layer that can't be unpacked, long before `finish`
   * ends
   * @throws AppError `unsupported` for an artifact
   */
  constructor(
    { store, startWorker = NO_WORKERS }: UnpackDeps,
    plan: PullPlan,
    listeners: { readonly onEvent: PullListener; readonly onFailure: (error: unknown) => void },
    signal: AbortSignal,
  ) {
    if (!isImageConfigType(plan.document.config.mediaType)) {
      throw new AppError("unsupported", "Cannot unpack: the pulled manifest is an artifact, not an image");
    }
    this.#store = store;
    // Until the last blob is stored, this thread also fetches.
    this.#decoder = new ThreadDecoder(startWorker, { isBusy: true });
    this.#plan = plan;
    this.#missing = new Set(plan.blobs.map(({ descriptor }) => descriptor.digest));
    this.#onEvent = listeners.onEvent;
    this.#onFailure = listeners.onFailure;
    this.#scope = abortScope(signal);
  }

  /** Call this when a blob has been stored. */
  stored(digest: Digest): void {
    this.#missing.delete(digest);
    if (this.#missing.size === 0) this.#decoder.release();
    const { config, layers } = this.#plan.document;
    if (digest === config.digest) {
      // `finish` reports a failure.
      this.#layers().catch(() => {});
      // Unpacking needs the config; layers that were stored before it start now.
      for (const layer of new Set(layers.map((layer) => layer.digest))) {
        if (!this.#missing.has(layer)) this.#enqueue(layer);
      }
    } else if (!this.#missing.has(config.digest)) this.#enqueue(digest);
  }

  /**
   * Waits for all layers and publishes them.
   *
   * @throws AppError what a layer threw, or the signal's reason
   */
  async finish(): Promise<void> {
    this.#startMore();
    // The end of each starts the next one and appends it.
    for (const work of this.#work) await work;
    this.#scope.signal.throwIfAborted();
    const unpacking = await this.#layers();
    for (const layer of await unpacking.publish(this.#scope.signal)) {
      const message = missingLayersText(layer);
      if (message !== undefined) this.#onEvent({ kind: "warning", message });
    }
    for (const { digest, size } of this.#plan.document.layers) {
      this.#onEvent({ kind: "blob", digest, state: "unpacked", offset: size, size });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#scope.abort(new DOMException("The pull has ended", "AbortError"));
    await Promise.allSettled(this.#work);
    this.#scope[Symbol.dispose]();
    this.#decoder[Symbol.dispose]();
    await (await this.#unpacking?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  #enqueue(digest: Digest): void {
    for (const [position, layer] of this.#plan.document.layers.entries()) {
      if (layer.digest === digest) this.#waiting.push({ position, descriptor: layer });
    }
    // If all layers are already stored, they are reported in the same turn: sort all of them before the first
    // starts.
    queueMicrotask(() => this.#startMore());
  }

  /** Starts the largest layers first, which makes the total time shortest. */
  #startMore(): void {
    this.#waiting.sort((a, b) => a.descriptor.size - b.descriptor.size || b.position - a.position);
    while (this.#running < PARALLEL_LAYERS && !this.#scope.signal.aborted) {
      const layer = this.#waiting.pop();
      if (layer === undefined) return;
      this.#running++;
      const work = this.#unpack(layer).finally(() => {
        this.#running--;
        this.#startMore();
      });
      work.catch((error) => {
        if (!this.#scope.signal.aborted) this.#onFailure(error);
      });
      this.#work.push(work);
    }
  }

  async #unpack({ position, descriptor: { digest, size } }: Layer): Promise<void> {
    const { signal } = this.#scope;
    this.#onEvent({ kind: "blob", digest, state: "unpacking", offset: size, size });
    await (await this.#layers()).unpack(position, signal);
  }

  #layers(): Promise<LayerUnpacking> {
    return this.#unpacking ??= this.#open();
  }

  async #open(): Promise<LayerUnpacking> {
    const { document } = this.#plan;
    const config = await readConfig(this.#store, document);
    if (config.diffIds.length !== document.layers.length) {
      throw new AppError(
        "invalid_content",
        `Cannot unpack: the config lists ${config.diffIds.length} layers, but the manifest has ${document.layers.length}`,
      );
    }
    const top = (await chainIdsOf(config.diffIds)).at(-1);
    // The thread starts while the layers are being fetched.
    if (top !== undefined && await this.#store.findLayer(top) === undefined) {
      this.#decoder.prepare(document.layers.map(({ size }) => size));
    }
    return await beginLayers(
      { store: this.#store, decoder: this.#decoder },
      config.diffIds,
      layersOf(this.#store, { document, config }),
    );
  }
}
