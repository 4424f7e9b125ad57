/**
 * The values of the service's metrics.
 *
 * @module
 */
import { codeOf } from "../../base/errors.ts";
import type { CallRecord } from "../../grpc/server.ts";
import type { Usage } from "../disk/usage_counter.ts";
import type { PullReport } from "../pulls/pulls.ts";
import { codeNameOf } from "./call_log.ts";
import { METRIC_TABLE, type MetricInfo, type MetricName } from "./metric_table.ts";
import { Counter, Gauge, Histogram, type MetricValues, prometheusText } from "./metrics.ts";

/** The values that are read for each request of `/metrics`. */
export interface MetricSources {
  readonly version: string;
  readonly pullsInProgress: () => number;
  readonly usage: () => Usage;
  readonly images: () => number | undefined;
  readonly connections: () => number;
  readonly activeCalls: () => number;
}

/** A metric whose values have the type that the table declares. */
type TypedValues<Name extends MetricName> = MetricValues & {
  readonly type: Extract<typeof METRIC_TABLE[number], { readonly name: Name }>["type"];
};

const CALL_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const PULL_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900];

/** Counts calls and pulls, and formats all metrics. */
export class ServiceMetrics {
  readonly #calls = new Counter();
  readonly #callSeconds = new Histogram(CALL_SECONDS);
  readonly #pulls = new Counter();
  readonly #pullSeconds = new Histogram(PULL_SECONDS);
  readonly #pullBytes = new Counter();
  readonly #metrics: { readonly [Name in MetricName]: TypedValues<Name> };

  constructor(sources: MetricSources) {
    const versions = { version: sources.version, deno: Deno.version.deno };
    // Start at 0, so that a query can distinguish "no pulls" from "no data".
    this.#pulls.add(0, { status: "ok" });
    this.#pullBytes.add(0);
    this.#metrics = {
      dray_build_info: new Gauge(() => 1, versions),
      dray_grpc_calls_total: this.#calls,
      dray_grpc_call_duration_seconds: this.#callSeconds,
      dray_grpc_calls_in_progress: new Gauge(sources.activeCalls),
      dray_grpc_connections: new Gauge(sources.connections),
      dray_pulls_total: this.#pulls,
      dray_pull_duration_seconds: this.#pullSeconds,
      dray_pull_bytes_total: this.#pullBytes,
      dray_pulls_in_progress: new Gauge(sources.pullsInProgress),
      dray_images: new Gauge(sources.images),
      dray_store_bytes: new Gauge(() => sources.usage().bytes),
      dray_store_inodes: new Gauge(() => sources.usage().inodes),
    };
  }

  /** Counts a finished call. Unknown methods share one label value, because clients choose their names. */
  called({ method, known, status, durationMs }: CallRecord): void {
    const name = known ? method.slice(1) : "unknown";
    this.#calls.add(1, { method: name, code: codeNameOf(status.code) });
    this.#callSeconds.observe(durationMs / 1000, { method: name });
  }

  /** Counts a finished pull. */
  pulled({ error, fetched, durationMs }: PullReport): void {
    this.#pulls.add(1, { status: error === undefined ? "ok" : codeOf(error) ?? "unknown" });
    this.#pullSeconds.observe(durationMs / 1000);
    this.#pullBytes.add(fetched);
  }

  /** Returns all metrics in the text format of Prometheus. */
  text(): string {
    return prometheusText<MetricInfo & { readonly name: MetricName }>(METRIC_TABLE, this.#metrics);
  }
}
