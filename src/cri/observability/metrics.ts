/**
 * Figures of the service as Prometheus reads them (text format 0.0.4). All names begin with `dray_`.
 *
 * @module
 */

/** Labels of a sample, by name. */
export type Labels = Readonly<Record<string, string>>;

/** One figure of several, by labels. */
interface Family {
  readonly help: string;
  readonly kind: "counter" | "gauge" | "histogram";
  /** Lines without the family's name: suffix and labels, and the value. */
  samples(): Iterable<readonly [suffix: string, value: number]>;
}

/** Counts upwards. */
export class Counter implements Family {
  readonly kind = "counter";
  readonly help: string;
  readonly #values = new Map<string, number>();

  /** @param help what it counts, no full stop */
  constructor(help: string) {
    this.help = help;
  }

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

/** Asked for its value when somebody looks. */
export class Gauge implements Family {
  readonly kind = "gauge";
  readonly help: string;
  readonly #read: () => number | undefined;
  readonly #key: string;

  /** @param read the value now; undefined while there is none */
  constructor(help: string, read: () => number | undefined, labels: Labels = {}) {
    this.help = help;
    this.#read = read;
    this.#key = labelText(labels);
  }

  /** @inheritdoc */
  samples(): Iterable<readonly [string, number]> {
    const value = this.#read();
    return value === undefined ? [] : [[this.#key, value]];
  }
}

interface Bins {
  readonly labels: Labels;
  readonly counts: number[];
  sum: number;
  count: number;
}

/** Sorts values into bins. */
export class Histogram implements Family {
  readonly kind = "histogram";
  readonly help: string;
  readonly #bounds: readonly number[];
  readonly #bins = new Map<string, Bins>();

  /** @param bounds upper bounds of the bins, rising; one more takes what is above */
  constructor(help: string, bounds: readonly number[]) {
    this.help = help;
    this.#bounds = bounds;
  }

  /** Adds a value. */
  observe(value: number, labels: Labels = {}): void {
    const key = labelText(labels);
    let bins = this.#bins.get(key);
    if (bins === undefined) {
      bins = { labels, counts: this.#bounds.map(() => 0), sum: 0, count: 0 };
      this.#bins.set(key, bins);
    }
    const at = this.#bounds.findIndex((bound) => value <= bound);
    if (at >= 0) bins.counts[at] = (bins.counts[at] ?? 0) + 1;
    bins.sum += value;
    bins.count++;
  }

  /** @inheritdoc */
  *samples(): Iterable<readonly [string, number]> {
    for (const [key, { labels, counts, sum, count }] of this.#bins) {
      let below = 0;
      for (const [i, bound] of this.#bounds.entries()) {
        below += counts[i] ?? 0;
        yield [`_bucket${labelText({ ...labels, le: String(bound) })}`, below];
      }
      yield [`_bucket${labelText({ ...labels, le: "+Inf" })}`, count];
      yield [`_sum${key}`, sum];
      yield [`_count${key}`, count];
    }
  }
}

/** Writes families as text, in their order. */
export function prometheusText(families: Readonly<Record<string, Family>>): string {
  const lines: string[] = [];
  for (const [name, family] of Object.entries(families)) {
    lines.push(`# HELP ${name} ${family.help}`, `# TYPE ${name} ${family.kind}`);
    for (const [suffix, value] of family.samples()) lines.push(`${name}${suffix} ${value}`);
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
