/**
 * The figures that the service keeps.
 *
 * @module
 */
import { codeOf } from "../../base/errors.ts";
import type { CallRecord } from "../../grpc/server.ts";
import { codeNameOf } from "./call_log.ts";
import { Counter, Gauge, Histogram, prometheusText } from "./metrics.ts";
import type { PullReport } from "../pulls/pulls.ts";
import type { Usage } from "../disk/usage_counter.ts";

/** What is asked when somebody looks. */
export interface MetricSources {
  readonly version: string;
  readonly pullsInProgress: () => number;
  readonly usage: () => Usage;
  readonly images: () => number | undefined;
  readonly connections: () => number;
  readonly activeCalls: () => number;
}

const CALL_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const PULL_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900];

/** Keeps the figures and writes them. */
export class ServiceMetrics {
  readonly #calls = new Counter("Calls that are over, by method and status code");
  readonly #callSeconds = new Histogram("Seconds from the headers of a call to its status", CALL_SECONDS);
  readonly #pulls = new Counter("Pulls that are over, by how they ended: ok, or the kind of failure");
  readonly #pullSeconds = new Histogram("Seconds that pulls took", PULL_SECONDS);
  readonly #pullBytes = new Counter("Bytes that pulls brought over the network");
  readonly #families;

  constructor(sources: MetricSources) {
    const versions = { version: sources.version, deno: Deno.version.deno };
    const build = new Gauge("The running version", () => 1, versions);
    // A figure that is there from the beginning can be told from one that went missing.
    this.#pulls.add(0, { status: "ok" });
    this.#pullBytes.add(0);
    this.#families = {
      dray_build_info: build,
      dray_grpc_calls_total: this.#calls,
      dray_grpc_call_duration_seconds: this.#callSeconds,
      dray_grpc_calls_in_progress: new Gauge("Calls under way", sources.activeCalls),
      dray_grpc_connections: new Gauge("Open connections", sources.connections),
      dray_pulls_total: this.#pulls,
      dray_pull_duration_seconds: this.#pullSeconds,
      dray_pull_bytes_total: this.#pullBytes,
      dray_pulls_in_progress: new Gauge("Pulls under way", sources.pullsInProgress),
      dray_images: new Gauge("Images in the store", sources.images),
      dray_store_bytes: new Gauge("Bytes that the store takes of the disk", () => sources.usage().bytes),
      dray_store_inodes: new Gauge("Inodes that the store takes", () => sources.usage().inodes),
    };
  }

  /** A call is over. Methods that are not served count as one: their names are the client's words. */
  called({ method, known, status, durationMs }: CallRecord): void {
    const name = known ? method.slice(1) : "unknown";
    this.#calls.add(1, { method: name, code: codeNameOf(status.code) });
    this.#callSeconds.observe(durationMs / 1000, { method: name });
  }

  /** A pull is over. */
  pulled({ error, fetched, durationMs }: PullReport): void {
    this.#pulls.add(1, { status: error === undefined ? "ok" : codeOf(error) ?? "unknown" });
    this.#pullSeconds.observe(durationMs / 1000);
    this.#pullBytes.add(fetched);
  }

  /** All figures, as Prometheus reads them. */
  text(): string {
    return prometheusText(this.#families);
  }
}
