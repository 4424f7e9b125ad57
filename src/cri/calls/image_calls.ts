/**
 * The calls of ImageService, apart from how they are encoded.
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

/** Images in one message of a stream: small enough to be sent in turn with other calls. */
const STREAM_BATCH = 100;
/** A removal waits so long for its space to be freed before it answers, in milliseconds. */
const RECLAIM_WAIT_MS = 25;

const NOTHING = new Uint8Array(0);

/** What the calls work with. */
export interface ImageCallsDeps {
  readonly store: ImageStorage;
  readonly catalog: Catalog;
  readonly pulls: Pulls;
  readonly reclaimer: GarbageCollector;
  readonly usage: UsageCounter;
  /** Where the images are, in full. */
  readonly root: string;
  /** Runtime handlers that pulls may name; all mean the same store. */
  readonly runtimeHandlers: ReadonlySet<string>;
}

/** Answers the calls. */
export class ImageCalls {
  readonly #deps: ImageCallsDeps;

  constructor(deps: ImageCallsDeps) {
    this.#deps = deps;
  }

  /** `ListImages`: the encoded answer. An empty filter is none. */
  async list(filter: string): Promise<Uint8Array> {
    const view = await this.#deps.catalog.refresh();
    return filter === "" ? view.list() : fieldsOf(view.filter(filter));
  }

  /** `StreamImages`: encoded answers with at least one image each; none without images. */
  async *stream(filter: string): AsyncIterable<Uint8Array> {
    const view = await this.#deps.catalog.refresh();
    const images = filter === "" ? view.images : view.filter(filter);
    for (let at = 0; at < images.length; at += STREAM_BATCH) {
      yield fieldsOf(images.slice(at, at + STREAM_BATCH));
    }
  }

  /** `ImageStatus`: the encoded answer; empty for an image that is not here. @throws AppError `invalid_argument` */
  async status(image: string, verbose: boolean): Promise<Uint8Array> {
    if (image === "") throw noImageError();
    const found = (await this.#deps.catalog.refresh()).find(image, FIND_PREFIX);
    if (found === undefined) return NOTHING;
    if (!verbose) return found.field;
    const info = await verboseInfo(this.#deps.store, found.group);
    const rest = toBinary(ImageStatusResponseSchema, create(ImageStatusResponseSchema, { info }));
    return concatBytes([found.field, rest]);
  }

  /** `PullImage`: the image's id. @throws AppError of any code */
  async pull(
    image: Pick<ImageSpec, "image" | "runtimeHandler"> | undefined,
    auth: AuthFields | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const handler = image?.runtimeHandler ?? "";
    if (handler !== "" && !this.#deps.runtimeHandlers.has(handler)) {
      throw new AppError(
        "invalid_argument",
        `Cannot pull for runtime handler "${handler}": it is not configured, see --runtime-handler`,
      );
    }
    return await this.#deps.pulls.pull(image?.image ?? "", auth, signal);
  }

  /**
   * `RemoveImage`: takes all names of the image, also those of other repositories. An image that is not here is gone
   * already.
   *
   * @throws AppError `invalid_argument` for an empty name, or a part of several ids
   */
  async remove(image: string, signal: AbortSignal): Promise<void> {
    if (image === "") throw noImageError();
    const { catalog, store, reclaimer, usage } = this.#deps;
    const found = (await catalog.refresh()).find(image, REMOVE_PREFIX);
    if (found === undefined) return;
    const { id } = found.group.summary;
    const gone: ImageRecord[] = [];
    const { remaining: left, swept } = await removeRecords(store, (records) => {
      gone.length = 0;
      const kept: ImageRecord[] = [];
      for (const record of records.values()) (record.imageId === id ? gone : kept).push(record);
      return kept;
    }, signal);
    if (swept !== undefined) usage.recountSoon();
    if (gone.length > 0) await withTimeout(RECLAIM_WAIT_MS, reclaimer.release(gone, left.length));
  }

  /** `ImageFsInfo`: from counters, since clients wait 2 s at most and ask for it before anything else. */
  fsInfo(api: CriApi): MessageInitShape<typeof ImageFsInfoResponseSchema> {
    const { usage: { usage }, root } = this.#deps;
    const filesystem = {
      // More than zero and in nanoseconds, or a kubelet takes the figures for missing.
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
