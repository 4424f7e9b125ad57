/**
 * The metrics of the service. `/metrics` and the documentation are made from this table.
 *
 * @module
 */

/** Description of a metric. */
export interface MetricInfo {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** Names of the labels of all samples. A histogram's buckets also have `le`. */
  readonly labels: readonly string[];
  /** One line without a full stop. */
  readonly help: string;
}

/** All metrics, in the order of `/metrics`. */
export const METRIC_TABLE = [
  {
    name: "dray_build_info",
    type: "gauge",
    labels: ["version", "deno"],
    help: "Versions of dray and of Deno; the value is always 1",
  },
  {
    name: "dray_grpc_calls_total",
    type: "counter",
    labels: ["method", "code"],
    help: "Finished calls, by method and status code",
  },
  {
    name: "dray_grpc_call_duration_seconds",
    type: "histogram",
    labels: ["method"],
    help: "Duration of calls in seconds, from the headers to the status",
  },
  { name: "dray_grpc_calls_in_progress", type: "gauge", labels: [], help: "Calls in progress" },
  { name: "dray_grpc_connections", type: "gauge", labels: [], help: "Open gRPC connections" },
  {
    name: "dray_pulls_total",
    type: "counter",
    labels: ["status"],
    help: "Finished pulls, by result: ok, or the code of the error",
  },
  { name: "dray_pull_duration_seconds", type: "histogram", labels: [], help: "Duration of pulls in seconds" },
  { name: "dray_pull_bytes_total", type: "counter", labels: [], help: "Bytes downloaded by pulls" },
  { name: "dray_pulls_in_progress", type: "gauge", labels: [], help: "Pulls in progress" },
  { name: "dray_images", type: "gauge", labels: [], help: "Images in the store" },
  { name: "dray_store_bytes", type: "gauge", labels: [], help: "Disk usage of the store in bytes" },
  { name: "dray_store_inodes", type: "gauge", labels: [], help: "Inodes used by the store" },
] as const satisfies readonly MetricInfo[];

/** The name of a metric in {@linkcode METRIC_TABLE}. */
export type MetricName = typeof METRIC_TABLE[number]["name"];
