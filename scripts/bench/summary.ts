/**
 * The whole bench in one table: how many times our time each rival takes.
 *
 * @module
 */
import { BEST, type Goals, goalsOf, OTHERS } from "./goals.ts";
import { markdown, megabytesOf, type Row, secondsOf } from "./table.ts";

/** What came of a race. Its first row is ours, its second is ours without fsync. */
export interface Outcome {
  /** Names its goals, if it has any. */
  readonly key: string;
  readonly title: string;
  /** Whether what was pulled was unpacked too: such races have rivals of their own. */
  readonly isUnpacked: boolean;
  readonly rows: readonly Row[];
}

/** Tables of the races, in their order; one of pulls, one of what was unpacked. */
export function summaryOf(outcomes: readonly Outcome[]): string {
  const parts: string[] = [];
  for (const isUnpacked of [false, true]) {
    const some = outcomes.filter((outcome) => outcome.isUnpacked === isUnpacked);
    if (some.length === 0) continue;
    const rivals = [...new Set(some.flatMap(({ rows }) => rows.slice(2).map(({ name }) => name)))];
    const groups = isUnpacked ? [] : ["best of " + BEST.join(", "), "best of skopeo, ctr"];
    const head = [isUnpacked ? "unpacked" : "pulled", "dray", "memory", "no fsync", ...rivals, ...groups];
    parts.push(...markdown(head, some.map((outcome) => lineOf(outcome, rivals))), "");
  }
  return parts.length === 0 ? "" : [
    "dray in seconds (median), its memory, and without fsync; then the time of each rival divided by dray's.",
    "In parentheses: the goal. Bold: it was missed. –: not here, or not this work.",
    "",
    ...parts,
  ].join("\n");
}

function lineOf({ key, title, isUnpacked, rows }: Outcome, rivals: readonly string[]): readonly string[] {
  const goals = goalsOf(key);
  const results = new Map(rows.map(({ name, result }) => [name, result]));
  const own = rows[0]?.result;
  const ratioTo = (name: string): number | undefined => {
    const result = results.get(name);
    return typeof result === "object" && typeof own === "object" ? result.wall / own.wall : undefined;
  };
  const bestOf = (names: readonly string[]): number | undefined => {
    const ratios = names.map(ratioTo).filter((ratio) => ratio !== undefined);
    return ratios.length === 0 ? undefined : Math.min(...ratios);
  };
  return [
    title,
    timeOf(rows[0]),
    memoryOf(rows[0], goals),
    timeOf(rows[1]),
    ...rivals.map((name) => ratioCell(ratioTo(name), goals.rivals?.[name])),
    ...isUnpacked ? [] : [ratioCell(bestOf(BEST), goals.best), ratioCell(bestOf(OTHERS), goals.others)],
  ];
}

function timeOf(row: Row | undefined): string {
  return typeof row?.result === "object" ? `${secondsOf(row.result.wall)} s` : "–";
}

function memoryOf(row: Row | undefined, { memory: goal }: Goals): string {
  if (typeof row?.result !== "object") return "–";
  const memory = megabytesOf(row.result.memory);
  return cell(`${memory} MB`, goal, goal !== undefined && memory > goal);
}

/** A ratio counts as it is printed: what looks like the goal is the goal. */
function ratioCell(ratio: number | undefined, goal: number | undefined): string {
  if (ratio === undefined) return "–";
  const text = ratio.toFixed(2);
  return cell(text, goal, goal !== undefined && Number(text) < goal);
}

function cell(text: string, goal: number | undefined, isMissed: boolean): string {
  return `${isMissed ? `**${text}**` : text}${goal === undefined ? "" : ` (${goal})`}`;
}
