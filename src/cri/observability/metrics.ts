/**
 * Counters, gauges and histograms in the text format of Prometheus (version 0.0.4).
 *
 * @module
 */
import type { MetricInfo } from "./metric_table.ts";

/** Label values by label name. */
export type Labels = Readonly<Record<string, string>>;

/** A metric's values. */
export interface MetricValues {
  readonly type: MetricInfo["type"];
  /** Yields the samples. A suffix contains the labels and, for histograms, the end of the name. */
  samples(): Iterable<readonly [suffix: string, value: number]>;
}

/** A value that only increases, per combination of labels. */
export class Counter implements MetricValues {
  readonly type = "counter";
  readonly #values = new Map<string, number>();

  /** Adds to the value with these labels. */
  add(value: number, labels: Labels = {}): void {
    const key = labelText(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + value);
  }

  /** @inheritdoc */
  samples(): Iterable<readonly [string, number]> {
    return this.#values;
  }
}

/** A value that is read for each request of `/metrics`. */
export class Gauge implements MetricValues {
  readonly type = "gauge";
  readonly #read: () => number | undefined;
  readonly #key: string;

  /** @param read returns the current value; undefined means no sample */
  constructor(read: () => number | undefined, labels: Labels = {}) {
    this.#read = read;
    this.#key = labelText(labels);
  }

  /** @inheritdoc */
  samples(): Iterable<readonly [string, number]> {
    const value = this.#read();
    return value === undefined ? [] : [[this.#key, value]];
  }
}

interface Buckets {
  readonly labels: Labels;
  readonly counts: number[];
  sum: number;
  count: number;
}

/** A distribution of values, per combination of labels. */
export class Histogram implements MetricValues {
  readonly type = "histogram";
  readonly #bounds: readonly number[];
  readonly #buckets = new Map<string, Buckets>();

  /** @param bounds upper bounds of the buckets, ascending, without infinity */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  /** Adds a value. */
  observe(value: number, labels: Labels = {}): void {
    const key = labelText(labels);
    let buckets = this.#buckets.get(key);
    if (buckets === undefined) {
      buckets = { labels, counts: this.#bounds.map(() => 0), sum: 0, count: 0 };
      this.#buckets.set(key, buckets);
    }
    const i = this.#bounds.findIndex((bound) => value <= bound);
    if (i >= 0) buckets.counts[i] = (buckets.counts[i] ?? 0) + 1;
    buckets.sum += value;
    buckets.count++;
  }

  /** @inheritdoc */
  *samples(): Iterable<readonly [string, number]> {
    for (const [key, { labels, counts, sum, count }] of this.#buckets) {
      let cumulative = 0;
      for (const [i, bound] of this.#bounds.entries()) {
        cumulative += counts[i] ?? 0;
        yield [`_bucket${labelText({ ...labels, le: String(bound) })}`, cumulative];
      }
      yield [`_bucket${labelText({ ...labels, le: "+Inf" })}`, count];
      yield [`_sum${key}`, sum];
      yield [`_count${key}`, count];
    }
  }
}

/** Formats metrics in the order of the table. */
export function prometheusText<Info extends MetricInfo>(
  table: readonly Info[],
  metrics: Readonly<Record<Info["name"], MetricValues>>,
): string {
  const lines: string[] = [];
  for (const { name, type, help } of table) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const [suffix, value] of metrics[name as Info["name"]].samples()) {
      lines.push(`${name}${suffix} ${value}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}
