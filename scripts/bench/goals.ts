/**
 * What is to be reached.
 *
 * @module
 */

/** Goals of one piece of work over one network: a rival's time divided by ours, at least; memory, at most. */
export interface Goals {
  /** The best of crane, oras and regctl. */
  readonly best?: number;
  /** The best of skopeo and containerd. */
  readonly others?: number;
  /** Single rivals, by their names. */
  readonly rivals?: Readonly<Record<string, number>>;
  /** Megabytes. */
  readonly memory?: number;
}

/** Rivals whose best is one goal. */
export const BEST = ["crane", "oras", "regctl"];
/** Rivals whose best is another. */
export const OTHERS = ["skopeo", "ctr content fetch", "ctr image pull"];

/** `oras --concurrency 10` must not win by more than 5 %. */
const ORAS_10 = { "oras -c 10": 0.95 };
const MADE = { memory: 80 };
const TREE = { memory: 120 };

/** By the key of the work, a blank, and the name of the network. */
export const GOALS: Readonly<Record<string, Goals>> = {
  "A loopback": { best: 1.2, others: 2.5, rivals: ORAS_10, ...MADE },
  "B loopback": { best: 1.1, others: 2.3, rivals: ORAS_10, ...MADE },
  "C loopback": { best: 1, others: 1.8, rivals: ORAS_10, ...MADE },
  "D loopback": { best: 1.2, others: 2.5, rivals: ORAS_10, ...MADE },
  "A tls": { best: 1.4, ...MADE },
  "B tls": { best: 1.4, ...MADE },
  "C tls": { best: 1.05, ...MADE },
  "D tls": { best: 1.2, ...MADE },
  "C rtt20": { best: 1.2, ...MADE },
  "D rtt20": { best: 4, ...MADE },
  "C rtt100": MADE,
  "D rtt100": { best: 7, ...MADE },
  "S slow": { best: 3 },
  // No loss where one connection fills the link.
  "S link20": { best: 1 },
  "S link100": { best: 1 },
  "E gzip loopback": TREE,
  "E zstd loopback": TREE,
  "E gzip unpacked loopback": { rivals: { "ctr image pull": 3, "curl and tar": 2 }, ...TREE },
  "E zstd unpacked loopback": { rivals: { "ctr image pull": 1.7 }, ...TREE },
};

/** Milliseconds of `dray version`, from the bundle. */
export const START_GOAL_MS = 40;
/** A pull of what is there already. */
export const AGAIN_GOAL = { requests: 1, ms: 60 };
