/**
 * The performance goals of dray.
 *
 * @module
 */

/** Goals of one workload over one network: minimum ratios of another program's time to dray's, and maximum memory. */
export interface Goals {
  /** Ratio for the fastest of {@linkcode WITHOUT_FSYNC}. */
  readonly withoutFsync?: number;
  /** Ratio for the fastest of {@linkcode WITH_FSYNC}. */
  readonly withFsync?: number;
  /** Ratios for single programs, by name. */
  readonly programs?: Readonly<Record<string, number>>;
  /** Megabytes. */
  readonly memory?: number;
}

/** Programs that never sync what they write. */
export const WITHOUT_FSYNC = ["crane", "oras", "regctl"];
/** Programs that sync what they write, as dray does. */
export const WITH_FSYNC = ["skopeo", "ctr content fetch", "ctr image pull"];

/** `oras --concurrency 10` may be faster by at most 5 %. */
const ORAS_10 = { "oras -c 10": 0.95 };
/** Megabytes per workload, the same for all networks. */
const MEMORY: Readonly<Record<string, number>> = { A: 80, B: 80, C: 80, D: 80, E: 120 };

/** Goals other than memory, by workload and network. */
export const GOALS: Readonly<Record<string, Goals>> = {
  "A loopback": { withoutFsync: 1.2, withFsync: 2.5, programs: ORAS_10 },
  "B loopback": { withoutFsync: 1.1, withFsync: 2.3, programs: ORAS_10 },
  "C loopback": { withoutFsync: 1, withFsync: 1.8, programs: ORAS_10 },
  "D loopback": { withoutFsync: 1.2, withFsync: 2.5, programs: ORAS_10 },
  "A tls": { withoutFsync: 1.4 },
  "B tls": { withoutFsync: 1.4 },
  "C tls": { withoutFsync: 1.05 },
  "D tls": { withoutFsync: 1.2 },
  "C rtt20": { withoutFsync: 1.2 },
  "D rtt20": { withoutFsync: 4 },
  "D rtt100": { withoutFsync: 7 },
  "S slow": { withoutFsync: 3 },
  // One connection saturates these links, so parallel connections can't help and must not cost anything.
  "S link20": { withoutFsync: 1 },
  "S link100": { withoutFsync: 1 },
  "E gzip unpacked loopback": { programs: { "ctr image pull": 3, "curl and tar": 2 } },
  "E zstd unpacked loopback": { programs: { "ctr image pull": 1.7 } },
};

/** Returns the goals for a key: the workload, a space, and the name of the network. */
export function goalsOf(key: string): Goals {
  const memory = MEMORY[key.slice(0, 1)];
  return { ...GOALS[key], ...memory === undefined ? {} : { memory } };
}

/** Milliseconds that `dray version` may take from the bundled modules. */
export const START_GOAL_MS = 40;
/** Limits for a pull of an image that is already stored. */
export const STORED_GOAL = { requests: 1, ms: 60 };
