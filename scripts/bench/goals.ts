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
/** Megabytes, by the letter of the work, whatever the network. */
const MEMORY: Readonly<Record<string, number>> = { A: 80, B: 80, C: 80, D: 80, E: 120 };

/** Goals of time, by the same keys. */
export const GOALS: Readonly<Record<string, Goals>> = {
  "A loopback": { best: 1.2, others: 2.5, rivals: ORAS_10 },
  "B loopback": { best: 1.1, others: 2.3, rivals: ORAS_10 },
  "C loopback": { best: 1, others: 1.8, rivals: ORAS_10 },
  "D loopback": { best: 1.2, others: 2.5, rivals: ORAS_10 },
  "A tls": { best: 1.4 },
  "B tls": { best: 1.4 },
  "C tls": { best: 1.05 },
  "D tls": { best: 1.2 },
  "C rtt20": { best: 1.2 },
  "D rtt20": { best: 4 },
  "D rtt100": { best: 7 },
  "S slow": { best: 3 },
  // No loss where one connection fills the link.
  "S link20": { best: 1 },
  "S link100": { best: 1 },
  "E gzip unpacked loopback": { rivals: { "ctr image pull": 3, "curl and tar": 2 } },
  "E zstd unpacked loopback": { rivals: { "ctr image pull": 1.7 } },
};

/** The goals of a race, by its key: the work, a blank, and the name of the network. */
export function goalsOf(key: string): Goals {
  const memory = MEMORY[key.slice(0, 1)];
  return { ...GOALS[key], ...memory === undefined ? {} : { memory } };
}

/** Milliseconds of `dray version`, from the bundle. */
export const START_GOAL_MS = 40;
/** A pull of what is there already. */
export const AGAIN_GOAL = { requests: 1, ms: 60 };
