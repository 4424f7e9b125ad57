/**
 * Parses the command line of the benchmark.
 *
 * @module
 */
import { NETWORKS } from "./networks.ts";
import type { Form, Variant } from "./dray.ts";
import type { Scale } from "./workloads.ts";

/** The parsed command line. */
export interface Options {
  readonly scale: Scale;
  readonly runs: number;
  readonly form: Form;
  /** Letters of workloads. */
  readonly only: string;
  /** Keys of `NETWORKS`. */
  readonly networks: readonly string[];
  /** Whether workloads also run over the networks that matter less for them. */
  readonly isEvery: boolean;
  /** Prefixes of the names of other programs and bare loops to run; undefined for all. */
  readonly tools: readonly string[] | undefined;
  /** A file for the report, in Markdown. */
  readonly out: string | undefined;
  /** A file for the chart, an SVG. */
  readonly chart: string | undefined;
  /** The directory of another checkout of dray, to compare with this one. */
  readonly baseline: string | undefined;
  /** Variants of dray, each with another value of a constant of `src/base/tuning.ts`. */
  readonly variants: readonly Variant[];
}

const FLAGS = ["--quick", "--every"];
const VALUES = [
  "--runs",
  "--form",
  "--only",
  "--networks",
  "--tools",
  "--out",
  "--chart",
  "--baseline",
  "--tune",
];
const WORKLOADS = "ABCDSEFGUL";
/** Without U and L, whose preparation is slow. */
const WORKS_QUICK = "ABCDSEFG";
const NETWORKS_QUICK = ["loopback", "tls", "rtt20", "slow"];

/** Parses the arguments. @throws Error that names the invalid argument */
export function optionsOf(args: readonly string[]): Options {
  const values = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const name = args[i] ?? "";
    if (FLAGS.includes(name)) values.set(name, "");
    else if (VALUES.includes(name)) values.set(name, args[++i] ?? "");
    else throw new Error(`unknown option "${name}"; options are ${[...FLAGS, ...VALUES].join(" ")}`);
  }
  const isQuick = values.has("--quick");
  const form = values.get("--form") ?? "bundle";
  if (form !== "bundle" && form !== "source" && form !== "compiled") {
    throw new Error(`--form "${form}": want bundle, source or compiled`);
  }
  const runs = Number(values.get("--runs") ?? (isQuick ? 1 : 5));
  if (!Number.isInteger(runs) || runs < 1) {
    throw new Error(`--runs "${values.get("--runs")}": want 1 or more`);
  }
  const only = values.get("--only") ?? (isQuick ? WORKS_QUICK : WORKLOADS);
  const unknown = [...only].find((key) => !WORKLOADS.includes(key));
  if (unknown !== undefined) throw new Error(`--only "${unknown}": want letters of ${WORKLOADS}`);
  const networks = values.get("--networks")?.split(",") ??
    (isQuick ? NETWORKS_QUICK : Object.keys(NETWORKS));
  for (const name of networks) {
    if (!(name in NETWORKS)) {
      throw new Error(`--networks "${name}": want a list of ${Object.keys(NETWORKS).join(",")}`);
    }
  }
  return {
    scale: isQuick ? "quick" : "full",
    runs,
    form,
    only,
    networks,
    isEvery: values.has("--every"),
    tools: values.get("--tools")?.split(","),
    out: values.get("--out"),
    chart: values.get("--chart"),
    baseline: values.get("--baseline"),
    variants: variantsOf(values.get("--tune")),
  };
}

/** Parses `NAME=VALUE,VALUE;NAME=VALUE`. */
function variantsOf(text: string | undefined): readonly Variant[] {
  if (text === undefined) return [];
  return text.split(";").flatMap((part) => {
    const match = /^([A-Z][A-Z0-9_]*)=([0-9*. ]+(?:,[0-9*. ]+)*)$/.exec(part);
    if (match === null) throw new Error(`--tune "${part}": want NAME=NUMBER,NUMBER`);
    const [, constant = "", values = ""] = match;
    return values.split(",").map((value) => ({ constant, value }));
  });
}
