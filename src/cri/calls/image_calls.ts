/**
 * The calls of ImageService.
 *
 * @module
 */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { concatBytes } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import type { ImageStorage } from "../../image/model/deps.ts";
import { removeRecords } from "../../image/gc/remove_records.ts";
import type { CriApi } from "../protocol/api.ts";
import { withTimeout } from "../protocol/with_timeout.ts";
import type { AuthFields } from "../protocol/auth.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { type CatalogImage, FIND_PREFIX, REMOVE_PREFIX } from "../catalog/catalog_view.ts";
import { noImageError } from "../protocol/errors.ts";
import {
  type ImageFsInfoResponseSchema,
  type ImageSpec,
  ImageStatusResponseSchema,
} from "../proto/runtime_pb.ts";
import type { Pulls } from "../pulls/pulls.ts";
import type { GarbageCollector } from "../disk/garbage_collector.ts";
import type { UsageCounter } from "../disk/usage_counter.ts";
import { verboseInfo } from "./verbose.ts";

/** Images per message of a stream: messages are small enough to alternate with those of other calls. */
const STREAM_BATCH = 100;
/** How long a removal waits for the deletion of blobs before it responds, in milliseconds. */
const SWEEP_WAIT_MS = 25;

const NOTHING = new Uint8Array(0);

/** Dependencies of {@linkcode ImageCalls}. */
export interface ImageCallsDeps {
  readonly store: ImageStorage;
  readonly catalog: Catalog;
  readonly pulls: Pulls;
  readonly collector: GarbageCollector;
  readonly usage: UsageCounter;
  /** The absolute path of the store. */
  readonly root: string;
  /** Runtime handlers that a pull may name. All of them use the same store. */
  readonly runtimeHandlers: ReadonlySet<string>;
}

/** Handles the calls. */
export class ImageCalls {
  readonly #deps: ImageCallsDeps;

  constructor(deps: ImageCallsDeps) {
    this.#deps = deps;
  }

  /** `ListImages`: returns the encoded response. An empty filter selects all images. */
  async list(filter: string): Promise<Uint8Array> {
    const view = await this.#deps.catalog.refresh();
    return filter === "" ? view.list() : fieldsOf(view.filter(filter));
  }

  /** `StreamImages`: yields encoded responses with at least one image each; nothing without images. */
  async *stream(filter: string): AsyncIterable<Uint8Array> {
    const view = await this.#deps.catalog.refresh();
    const images = filter === "" ? view.images : view.filter(filter);
    for (let at = 0; at < images.length; at += STREAM_BATCH) {
      yield fieldsOf(images.slice(at, at + STREAM_BATCH));
    }
  }

  /** `ImageStatus`: returns the encoded response; empty if the image isn't stored. @throws AppError `invalid_argument` */
  async status(image: string, verbose: boolean): Promise<Uint8Array> {
    if (image === "") throw noImageError();
    const found = await this.#deps.catalog.find(image, FIND_PREFIX);
    if (found === undefined) return NOTHING;
    if (!verbose) return found.field;
    const info = await verboseInfo(this.#deps.store, found.group);
    const rest = toBinary(ImageStatusResponseSchema, create(ImageStatusResponseSchema, { info }));
    return concatBytes([found.field, rest]);
  }

  /** `PullImage`: returns the image id. @throws AppError of any code */
  async pull(
    image: Pick<ImageSpec, "image" | "runtimeHandler"> | undefined,
    auth: AuthFields | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const handler = image?.runtimeHandler ?? "";
    if (handler !== "" && !this.#deps.runtimeHandlers.has(handler)) {
      throw new AppError(
        "invalid_argument",
        `Cannot pull for runtime handler "${handler}": not configured; add it with --runtime-handler`,
      );
    }
    return await this.#deps.pulls.pull(image?.image ?? "", auth, signal);
  }

  /**
   * `RemoveImage`: removes all names whose manifest has the image id, including those of other repositories.
   * Does nothing if the image isn't stored.
   *
   * @throws AppError `invalid_argument` for an empty name, or a prefix of several ids
   */
  async remove(image: string, signal: AbortSignal): Promise<void> {
    if (image === "") throw noImageError();
    const { catalog, store, collector, usage } = this.#deps;
    const found = (await catalog.refresh()).recordsOf(image, REMOVE_PREFIX);
    if (found.length === 0) return;
    const manifests = new Set(found.map(({ manifest }) => manifest.digest));
    const removed: ImageRecord[] = [];
    const { remaining, swept } = await removeRecords(store, (records) => {
      removed.length = 0;
      const others: ImageRecord[] = [];
      for (const record of records.values()) {
        (manifests.has(record.manifest.digest) ? removed : others).push(record);
      }
      return others;
    }, signal);
    if (swept !== undefined) usage.recountSoon();
    if (removed.length > 0) await withTimeout(SWEEP_WAIT_MS, collector.collect(removed, remaining.length));
  }

  /** `ImageFsInfo`: returns the counters, because clients wait at most 2 s, and call it first. */
  fsInfo(api: CriApi): MessageInitShape<typeof ImageFsInfoResponseSchema> {
    const { usage: { usage }, root } = this.#deps;
    const filesystem = {
      // In nanoseconds: a kubelet ignores the values if the timestamp is 0.
      timestamp: BigInt(Date.now()) * 1_000_000n,
      fsId: { mountpoint: root },
      usedBytes: { value: BigInt(usage.bytes) },
      inodesUsed: { value: BigInt(usage.inodes) },
    };
    return {
      imageFilesystems: [filesystem],
      ...(api === "v1" ? { containerFilesystems: [filesystem] } : {}),
    };
  }
}

function fieldsOf(images: readonly CatalogImage[]): Uint8Array {
  return concatBytes(images.map(({ field }) => field));
}
