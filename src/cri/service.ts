/**
 * Assembles the CRI image service from its parts.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { Health } from "../grpc/services/health.ts";
import { HEALTH_FILE } from "../grpc/services/health_descriptor.ts";
import { reflectionMethods } from "../grpc/services/reflection.ts";
import { GrpcServer } from "../grpc/server.ts";
import type { ShutdownEnd } from "../http2/server.ts";
import type { ImageDeps } from "../image/model/deps.ts";
import { MetadataCache } from "../image/model/metadata.ts";
import { CRI_APIS } from "./protocol/api.ts";
import { logCall } from "./observability/call_log.ts";
import { limitLog } from "./observability/log_limit.ts";
import { withTimeout } from "./protocol/with_timeout.ts";
import { Catalog } from "./catalog/catalog.ts";
import { schemaFiles } from "./protocol/descriptors.ts";
import { criStatusOf } from "./protocol/errors.ts";
import { gunzip } from "./protocol/gunzip.ts";
import { ImageCalls } from "./calls/image_calls.ts";
import type { CriLog } from "./observability/log.ts";
import { criMethods } from "./calls/methods.ts";
import { parsePins } from "./catalog/pins.ts";
import { ProgressFeed } from "./pulls/progress_feed.ts";
import { Pulls } from "./pulls/pulls.ts";
import { type CollectionPolicy, GarbageCollector } from "./disk/garbage_collector.ts";
import { unknownMethodMessage } from "./calls/runtime.ts";
import { ServiceMetrics } from "./observability/service_metrics.ts";
import { type CallTracer, parseTraceParent } from "./observability/trace.ts";
import { UsageCounter } from "./disk/usage_counter.ts";

/** How long the start waits for the first count of disk usage, in milliseconds. The count continues after that. */
const COUNT_WAIT_MS = 1000;

/** Options of {@linkcode openCriService}. */
export interface CriServiceOptions {
  readonly images: ImageDeps;
  /** The absolute path of the store, without symbolic links: clients look for its file system. */
  readonly root: string;
  readonly version: string;
  /** Names and prefixes of names that are pinned; see `parsePins`. */
  readonly pinned?: readonly string[];
  /** Runtime handlers that a pull may name, in addition to "". */
  readonly runtimeHandlers?: readonly string[];
  /** Whether a pull also unpacks the layers. @default {false} */
  readonly unpack?: boolean;
  /** What the service collects at the start and on a timer. @default partial downloads older than a day */
  readonly collection?: Omit<CollectionPolicy, "isPinned">;
  readonly log: CriLog;
  /** Creates a span per call. */
  readonly tracer?: CallTracer | undefined;
}

/** A running service. Disposing it closes it without a grace period. */
export interface CriService extends AsyncDisposable {
  /** Serves the listeners that the caller passes to `serve()`. */
  readonly server: GrpcServer;
  readonly feed: ProgressFeed;
  /** Resolves when the collection at the start has ended. */
  readonly collected: Promise<void>;
  /** Returns all metrics in the text format of Prometheus. */
  metrics(): string;
  /**
   * Refuses new calls, waits for those in progress, and stops all background work.
   *
   * @param graceMs milliseconds until the remaining calls are aborted
   */
  close(graceMs: number): Promise<ShutdownEnd>;
}

/**
 * Opens the service. It has read the metadata of all images before it returns. The caller closes it.
 *
 * @throws AppError `invalid_argument` for invalid patterns in `pinned`, `store_corrupt`, `permission_denied`
 */
export async function openCriService(options: CriServiceOptions): Promise<CriService> {
  const { images, log, tracer, version } = options;
  const { store } = images;
  const limited = limitLog(log);
  const feed = new ProgressFeed();
  const metadata = new MetadataCache(store, (error, { digest }) => {
    log.warn("Cannot read the documents of an image", { manifest: digest, reason: messageOf(error) });
  });
  const isPinned = parsePins(options.pinned ?? []);
  const catalog = new Catalog({
    store,
    metadata,
    isPinned,
    onMissing: ({ name }, digest) =>
      log.warn("An image is incomplete and isn't listed", { image: name, blob: digest }),
  });
  const usage = new UsageCounter({
    count: () => store.usage(),
    onProblem: (error) => log.error("Cannot count the disk usage of the store", error),
  });
  const collector = new GarbageCollector({
    store,
    policy: { ...options.collection, isPinned },
    onSwept(swept) {
      const { names, blobs, partials, layers, remains, freed } = swept;
      if (freed === 0 && names.length === 0) return;
      usage.removed(blobs.map(({ size }) => size));
      log.info("Collected garbage", {
        names: names.length,
        blobs: blobs.length,
        partials: partials.length,
        layers: layers.length + remains.length,
        freedBytes: freed,
      });
    },
    onProblem: (error) => log.error("Cannot collect garbage", error),
  });
  const pulls = new Pulls({
    images,
    feed,
    unpack: options.unpack ?? false,
    onCommitted: (size) => usage.added([size]),
    onEnd(report) {
      metrics.pulled(report);
      // An unpacked layer is counted only by a recount.
      usage.recountSoon();
      // Delete what a removal couldn't delete because this pull held it.
      void collector.sweep();
    },
  });
  const calls = new ImageCalls({
    store,
    catalog,
    pulls,
    collector,
    usage,
    root: options.root,
    runtimeHandlers: new Set(options.runtimeHandlers ?? []),
  });
  const health = new Health();
  for (const api of CRI_APIS) health.set(`runtime.${api}.ImageService`, "serving");
  const methods = new Map([...criMethods(calls, version), ...health.methods()]);
  const server = new GrpcServer({
    methods: new Map([...methods, ...reflectionMethods(methods, [HEALTH_FILE, ...schemaFiles()])]),
    inflate: gunzip,
    statusOf: criStatusOf,
    unknownMethod: unknownMethodMessage,
    onCall(record) {
      const parent = parseTraceParent(record.traceparent);
      metrics.called(record);
      logCall({ log, limited }, record, parent?.traceId);
      tracer?.(record, parent);
    },
    onError: (error) => limited.warn("A connection failed", { reason: messageOf(error) }),
  });
  const metrics = new ServiceMetrics({
    version,
    pullsInProgress: () => feed.running,
    usage: () => usage.usage,
    images: () => catalog.size,
    connections: () => server.connections,
    activeCalls: () => server.activeCalls,
  });
  const view = await catalog.refresh();
  usage.estimate(view.images.map(({ group }) => group.summary.size));
  await withTimeout(COUNT_WAIT_MS, usage.recount());
  const collected = collector.collectAll();
  return {
    server,
    collected,
    feed,
    metrics: () => metrics.text(),
    close,
    async [Symbol.asyncDispose]() {
      await close(0);
    },
  };

  async function close(graceMs: number): Promise<ShutdownEnd> {
    health.stop();
    const end = await server.shutdown(graceMs);
    usage[Symbol.dispose]();
    await collector.close();
    return end;
  }
}
