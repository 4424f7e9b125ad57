/**
 * Unpacking the layers of an image while others of its layers are still on their way.
 *
 * @module
 */
import { abortScope } from "../../base/abort.ts";
import { AppError } from "../../base/errors.ts";
import { NO_WORKERS } from "../../base/worker.ts";
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

/** Follows a pull and unpacks what it brings. Dispose it on every path. */
export class PullUnpacker implements AsyncDisposable {
  readonly #store: ImageStorage;
  readonly #plan: PullPlan;
  readonly #onEvent: PullListener;
  readonly #onFailure: (error: unknown) => void;
  readonly #scope: ReturnType<typeof abortScope>;
  /** What is still on its way. */
  readonly #missing: Set<Digest>;
  /** Layers that are here and not begun. */
  readonly #waiting: Layer[] = [];
  #running = 0;
  /** All that was begun. */
  readonly #work: Promise<void>[] = [];
  readonly #decoder: ThreadDecoder;
  #unpacking: Promise<LayerUnpacking> | undefined;

  /**
   * @param hear `onFailure` is told of the first layer that can't be unpacked, long before `finish`
   * @throws AppError `unsupported` for an artifact
   */
  constructor(
    { store, startWorker = NO_WORKERS }: UnpackDeps,
    plan: PullPlan,
    hear: { readonly onEvent: PullListener; readonly onFailure: (error: unknown) => void },
    signal: AbortSignal,
  ) {
    if (!isImageConfigType(plan.document.config.mediaType)) {
      throw new AppError("unsupported", "Cannot unpack: what was pulled is an artifact, not an image");
    }
    this.#store = store;
    // Until the last blob has come, this thread has that to do as well.
    this.#decoder = new ThreadDecoder(startWorker, { isBusy: true });
    this.#plan = plan;
    this.#missing = new Set(plan.blobs.map(({ descriptor }) => descriptor.digest));
    this.#onEvent = hear.onEvent;
    this.#onFailure = hear.onFailure;
    this.#scope = abortScope(signal);
  }

  /** Hears that a blob is in the store. */
  stored(digest: Digest): void {
    this.#missing.delete(digest);
    if (this.#missing.size === 0) this.#decoder.release();
    const { config, layers } = this.#plan.document;
    if (digest === config.digest) {
      // Whoever waits for it hears of a failure.
      this.#layers().catch(() => {});
      // Only the config tells what the layers are; those that came before it start now.
      for (const layer of new Set(layers.map((layer) => layer.digest))) {
        if (!this.#missing.has(layer)) this.#begin(layer);
      }
    } else if (!this.#missing.has(config.digest)) this.#begin(digest);
  }

  /**
   * Waits for all layers and publishes them.
   *
   * @throws AppError what a layer threw, or the signal's reason
   */
  async finish(): Promise<void> {
    this.#beginMore();
    // One that ends begins the next: this goes on until there is none.
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
    this.#scope.abort(new DOMException("The pull is over", "AbortError"));
    await Promise.allSettled(this.#work);
    this.#scope[Symbol.dispose]();
    this.#decoder[Symbol.dispose]();
    await (await this.#unpacking?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  #begin(digest: Digest): void {
    for (const [position, layer] of this.#plan.document.layers.entries()) {
      if (layer.digest === digest) this.#waiting.push({ position, descriptor: layer });
    }
    // Not yet: of an image that is here already all layers are told of in one go.
    queueMicrotask(() => this.#beginMore());
  }

  /** The largest first: the last one to end decides. */
  #beginMore(): void {
    this.#waiting.sort((a, b) => a.descriptor.size - b.descriptor.size || b.position - a.position);
    while (this.#running < PARALLEL_LAYERS && !this.#scope.signal.aborted) {
      const layer = this.#waiting.pop();
      if (layer === undefined) return;
      this.#running++;
      const work = this.#unpack(layer).finally(() => {
        this.#running--;
        this.#beginMore();
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
        `Cannot unpack: the config names ${config.diffIds.length} layers, but the manifest has ${document.layers.length}`,
      );
    }
    const top = (await chainIdsOf(config.diffIds)).at(-1);
    // The thread gets ready while the layers are on their way.
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
