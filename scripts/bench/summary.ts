/**
 * Summarizes all comparisons: the time of each other program divided by dray's.
 *
 * @module
 */
import { type Goals, goalsOf, WITH_FSYNC, WITHOUT_FSYNC } from "./goals.ts";
import { markdown, megabytesOf, type Row, secondsOf } from "./table.ts";

/** The result of a comparison. */
export interface Outcome {
  /** The key of its goals for `goalsOf`; empty for no goals. */
  readonly key: string;
  readonly title: string;
  /** Whether the programs also unpacked the image. These comparisons have a separate summary table. */
  readonly isUnpacked: boolean;
  /** dray first, then dray without fsync, then the others. */
  readonly rows: readonly Row[];
}

/** Returns a table of the pulls and a table of the pulls with unpacking; empty without outcomes. */
export function summaryOf(outcomes: readonly Outcome[]): string {
  const parts: string[] = [];
  for (const isUnpacked of [false, true]) {
    const some = outcomes.filter((outcome) => outcome.isUnpacked === isUnpacked);
    if (some.length === 0) continue;
    const others = [...new Set(some.flatMap(({ rows }) => rows.slice(2).map(({ name }) => name)))];
    const groups = isUnpacked ? [] : ["best of " + WITHOUT_FSYNC.join(", "), "best of skopeo, ctr"];
    const head = [isUnpacked ? "unpacked" : "pulled", "dray", "memory", "no fsync", ...others, ...groups];
    parts.push(...markdown(head, some.map((outcome) => cellsOf(outcome, others))), "");
  }
  return parts.length === 0 ? "" : [
    "dray in seconds (median), its memory, and dray without fsync; then the time of each program divided by dray's.",
    "Goals are in parentheses; missed ones are bold. –: not installed, or not run.",
    "",
    ...parts,
  ].join("\n");
}

function cellsOf({ key, title, isUnpacked, rows }: Outcome, others: readonly string[]): readonly string[] {
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
    ...others.map((name) => ratioCell(ratioTo(name), goals.programs?.[name])),
    ...isUnpacked ? [] : [
      ratioCell(bestOf(WITHOUT_FSYNC), goals.withoutFsync),
      ratioCell(bestOf(WITH_FSYNC), goals.withFsync),
    ],
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

/** Compares the rounded ratio: a printed value that equals the goal must not be marked as missed. */
function ratioCell(ratio: number | undefined, goal: number | undefined): string {
  if (ratio === undefined) return "–";
  const text = ratio.toFixed(2);
  return cell(text, goal, goal !== undefined && Number(text) < goal);
}

function cell(text: string, goal: number | undefined, isMissed: boolean): string {
  return `${isMissed ? `**${text}**` : text}${goal === undefined ? "" : ` (${goal})`}`;
}
