/**
 * The CRI image service: all its parts put together.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { Health } from "../grpc/services/health.ts";
import { HEALTH_FILE } from "../grpc/services/health_descriptor.ts";
import { reflectionMethods } from "../grpc/services/reflection.ts";
import { GrpcServer } from "../grpc/server.ts";
import type { ImageDeps } from "../image/model/deps.ts";
import { MetadataCache } from "../image/model/metadata.ts";
import { CRI_APIS } from "./protocol/api.ts";
import { logCall } from "./observability/call_log.ts";
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
import { GarbageCollector } from "./disk/garbage_collector.ts";
import { unknownMethodMessage } from "./calls/runtime.ts";
import { ServiceMetrics } from "./observability/service_metrics.ts";
import { type CallTracer, parseTraceParent } from "./observability/trace.ts";
import { UsageCounter } from "./disk/usage_counter.ts";

/** A first count that takes longer goes on behind the open socket, in milliseconds. */
const COUNT_WAIT_MS = 1000;

/** What a service is made with. */
export interface CriServiceOptions {
  readonly images: ImageDeps;
  /** The store's folder in full: clients look for its file system. */
  readonly root: string;
  readonly version: string;
  /** Names and beginnings of names that are pinned. */
  readonly pinned?: readonly string[];
  /** Runtime handlers that pulls may name beside "". */
  readonly runtimeHandlers?: readonly string[];
  /** Unpack the layers of what is pulled, too. @default {false} */
  readonly unpack?: boolean;
  readonly log: CriLog;
  /** Makes spans. */
  readonly tracer?: CallTracer | undefined;
}

/** A service that answers calls. */
export interface CriService {
  /** Give it listeners. */
  readonly server: GrpcServer;
  readonly feed: ProgressFeed;
  /** The figures, as Prometheus reads them. */
  metrics(): string;
  /** Finishes calls within the grace (in milliseconds), cuts off the rest, and stops all that runs beside them. */
  close(graceMs: number): Promise<"drained" | "aborted">;
}

/**
 * Makes the service, ready to answer: what lists need of each image is read before it is given.
 *
 * @throws AppError `invalid_argument` for patterns that are none, `store_corrupt`, `permission_denied`
 */
export async function openCriService(options: CriServiceOptions): Promise<CriService> {
  const { images, log, tracer, version } = options;
  const { store } = images;
  const feed = new ProgressFeed();
  const facts = new MetadataCache(store, (error, { digest }) => {
    log.warn("An image's documents can't be read", { manifest: digest, reason: messageOf(error) });
  });
  const catalog = new Catalog({ store, facts, isPinned: parsePins(options.pinned ?? []) });
  const usage = new UsageCounter({
    count: () => store.usage(),
    onProblem: (error) => log.error("The store's usage can't be counted", error),
  });
  const reclaimer = new GarbageCollector({
    store,
    onSwept: (sizes) => usage.removed(sizes),
    onProblem: (error) => log.error("The space of removed images can't be freed", error),
  });
  const pulls = new Pulls({
    images,
    feed,
    unpack: options.unpack ?? false,
    onCommitted: (size) => usage.added([size]),
    onEnd(report) {
      metrics.pulled(report);
      // What a removal could not free while this pull held the content.
      void reclaimer.sweep();
    },
  });
  const calls = new ImageCalls({
    store,
    catalog,
    pulls,
    reclaimer,
    usage,
    root: options.root,
    runtimeHandlers: new Set(options.runtimeHandlers ?? []),
  });
  const health = new Health();
  for (const api of CRI_APIS) health.set(`runtime.${api}.ImageService`, "serving");
  const served = new Map([...criMethods(calls, version), ...health.methods()]);
  const server = new GrpcServer({
    methods: new Map([...served, ...reflectionMethods(served, [HEALTH_FILE, ...schemaFiles()])]),
    inflate: gunzip,
    statusOf: criStatusOf,
    unknownMethod: unknownMethodMessage,
    onCall(record) {
      const parent = parseTraceParent(record.traceparent);
      metrics.called(record);
      logCall(log, record, parent?.traceId);
      tracer?.(record, parent);
    },
    onError: (error) => log.warn("A connection broke", { reason: messageOf(error) }),
  });
  const metrics = new ServiceMetrics({
    version,
    pullsInProgress: () => feed.running,
    usage: () => usage.usage,
    images: () => catalog.size,
    connections: () => server.connections,
    activeCalls: () => server.activeCalls,
  });
  const { images: listed } = await catalog.refresh();
  usage.assume(listed.map(({ group }) => group.summary.size));
  await withTimeout(COUNT_WAIT_MS, usage.recount());
  void reclaimer.warm();
  return {
    server,
    feed,
    metrics: () => metrics.text(),
    async close(graceMs) {
      health.stop();
      const end = await server.shutdown(graceMs);
      usage[Symbol.dispose]();
      reclaimer[Symbol.dispose]();
      return end;
    },
  };
}
