/**
 * What the command line of the bench says.
 *
 * @module
 */
import { NETWORKS } from "./networks.ts";
import type { Form } from "./dray.ts";
import type { Scale } from "./work.ts";

/** What is to be done. */
export interface Options {
  readonly scale: Scale;
  readonly runs: number;
  readonly form: Form;
  /** Keys of work: letters. */
  readonly only: string;
  /** Keys of `NETWORKS`. */
  readonly networks: readonly string[];
  /** Whether work also goes over networks where it says little. */
  readonly isEvery: boolean;
  /** How the names of rivals and of bare loops begin; undefined for all of them. */
  readonly tools: readonly string[] | undefined;
  /** A file for the report. */
  readonly out: string | undefined;
  /** A file for the chart of the README, an SVG. */
  readonly chart: string | undefined;
  /** Another checkout of dray, to race against this one. */
  readonly baseline: string | undefined;
}

const FLAGS = ["--quick", "--every"];
const VALUES = ["--runs", "--form", "--only", "--networks", "--tools", "--out", "--chart", "--baseline"];
const WORKS = "ABCDSEFGUL";
/** Large or slow to make ready: not for a look whether all works. */
const WORKS_QUICK = "ABCDSEFG";
const NETWORKS_QUICK = ["loopback", "tls", "rtt20", "slow"];

/** Reads the arguments. @throws Error that names the one that is wrong */
export function optionsOf(args: readonly string[]): Options {
  const values = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const name = args[i] ?? "";
    if (FLAGS.includes(name)) values.set(name, "");
    else if (VALUES.includes(name)) values.set(name, args[++i] ?? "");
    else throw new Error(`"${name}": want some of ${[...FLAGS, ...VALUES].join(" ")}`);
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
  const only = values.get("--only") ?? (isQuick ? WORKS_QUICK : WORKS);
  const unknown = [...only].find((key) => !WORKS.includes(key));
  if (unknown !== undefined) throw new Error(`--only "${unknown}": want some letters of ${WORKS}`);
  const networks = values.get("--networks")?.split(",") ??
    (isQuick ? NETWORKS_QUICK : Object.keys(NETWORKS));
  for (const name of networks) {
    if (!(name in NETWORKS)) {
      throw new Error(`--networks "${name}": want some of ${Object.keys(NETWORKS).join(",")}`);
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
  };
}
