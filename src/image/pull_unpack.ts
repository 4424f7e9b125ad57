/**
 * Unpacking the layers of an image while others of its layers are still on their way.
 *
 * @module
 */
import { abortScope } from "../base/abort.ts";
import { AppError } from "../base/errors.ts";
import { NO_WORKERS } from "../base/worker.ts";
import type { Digest } from "../oci/digest.ts";
import { chainIdsOf } from "../oci/image_config.ts";
import { isImageConfigType } from "../oci/media_type.ts";
import { ThreadDecoder } from "../unpack/thread_decoder.ts";
import type { ImageStorage, UnpackDeps } from "./deps.ts";
import type { PullListener } from "./events.ts";
import { readConfig } from "./inspect.ts";
import { layersOf } from "./layers.ts";
import type { PullPlan } from "./plan.ts";
import { beginLayers, lackText, LAYERS_AT_ONCE, type LayersUnpacking } from "./unpack_layers.ts";

/** Follows a pull and unpacks what it brings. Dispose it on every path. */
export class PullUnpacker implements AsyncDisposable {
  readonly #store: ImageStorage;
  readonly #plan: PullPlan;
  readonly #onEvent: PullListener;
  readonly #onFailure: (error: unknown) => void;
  readonly #scope: ReturnType<typeof abortScope>;
  readonly #stored = new Set<Digest>();
  /** Positions of layers that are here and not begun. */
  readonly #waiting: number[] = [];
  #running = 0;
  /** All that was begun. */
  readonly #work: Promise<void>[] = [];
  readonly #decoder: ThreadDecoder;
  #unpacking: Promise<LayersUnpacking> | undefined;

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
    this.#onEvent = hear.onEvent;
    this.#onFailure = hear.onFailure;
    this.#scope = abortScope(signal);
  }

  /** Hears that a blob is in the store. */
  stored(digest: Digest): void {
    this.#stored.add(digest);
    if (this.#plan.blobs.every(({ descriptor }) => this.#stored.has(descriptor.digest))) {
      this.#decoder.relieve();
    }
    const { config, layers } = this.#plan.document;
    if (digest === config.digest) {
      // Whoever waits for it hears of a failure.
      this.#layers().catch(() => {});
      // Only the config tells what the layers are; those that came before it start now.
      for (const layer of new Set(layers.map((layer) => layer.digest))) {
        if (this.#stored.has(layer)) this.#begin(layer);
      }
    } else if (this.#stored.has(config.digest)) this.#begin(digest);
  }

  /**
   * Waits for all layers and publishes them.
   *
   * @throws AppError what a layer threw, or the signal's reason
   */
  async finish(): Promise<void> {
    // One that ends begins the next: this goes on until there is none.
    this.#beginMore();
    for (const work of this.#work) await work;
    this.#scope.signal.throwIfAborted();
    const unpacking = await this.#layers();
    for (const layer of await unpacking.publish(this.#scope.signal)) {
      const message = lackText(layer);
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
      if (layer.digest === digest) this.#waiting.push(position);
    }
    // Not yet: of an image that is here already all layers are told of in one go.
    queueMicrotask(() => this.#beginMore());
  }

  /** The largest first: the last one to end decides. */
  #beginMore(): void {
    const { document: { layers } } = this.#plan;
    const sizeOf = (position: number) => layers[position]?.size ?? 0;
    this.#waiting.sort((a, b) => sizeOf(a) - sizeOf(b) || b - a);
    while (this.#running < LAYERS_AT_ONCE && !this.#scope.signal.aborted) {
      const position = this.#waiting.pop();
      if (position === undefined) return;
      this.#running++;
      const work = this.#unpack(position).finally(() => {
        this.#running--;
        this.#beginMore();
      });
      work.catch((error) => {
        if (!this.#scope.signal.aborted) this.#onFailure(error);
      });
      this.#work.push(work);
    }
  }

  async #unpack(position: number): Promise<void> {
    const { signal } = this.#scope;
    const layer = this.#plan.document.layers[position];
    if (layer === undefined) return;
    const { digest, size } = layer;
    this.#onEvent({ kind: "blob", digest, state: "unpacking", offset: size, size });
    await (await this.#layers()).unpack(position, signal);
  }

  #layers(): Promise<LayersUnpacking> {
    return this.#unpacking ??= this.#open();
  }

  async #open(): Promise<LayersUnpacking> {
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
