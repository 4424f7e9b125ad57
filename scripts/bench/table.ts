/**
 * Results as Markdown.
 *
 * @module
 */
import type { Summary } from "./measure.ts";

/** What came of one contender at one piece of work; a text says why nothing did. */
export interface Row {
  readonly name: string;
  readonly result: Summary | string;
}

/** A table of contenders. The first is what the others are compared with. */
export function table(title: string, rows: readonly Row[]): string {
  const first = rows[0]?.result;
  const base = typeof first === "object" ? first.wall : NaN;
  const lines = rows.map(({ name, result }) => {
    if (typeof result === "string") return [name, result, "", "", "", ""];
    const { wall, least, most, cpu, memory } = result;
    return [
      name,
      secondsOf(wall),
      `${secondsOf(least)}–${secondsOf(most)}`,
      secondsOf(cpu),
      String(megabytesOf(memory)),
      (wall / base).toFixed(2),
    ];
  });
  return [
    `### ${title}`,
    "",
    ...markdown(["program", "median s", "spread s", "CPU s", "memory MB", "time over dray's"], lines),
    "",
  ].join("\n");
}

/** Lines of a table: the first column to the left, figures to the right. */
export function markdown(head: readonly string[], lines: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((cell, i) =>
    Math.max(cell.length, ...lines.map((line) => line[i]?.length ?? 0), 4)
  );
  const row = (cells: readonly string[]) =>
    `| ${
      cells.map((cell, i) => i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)).join(
        " | ",
      )
    } |`;
  const rule = widths.map((width, i) => i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`);
  return [row(head), row(rule), ...lines.map(row)];
}

/** Seconds for the eye. */
export function secondsOf(value: number): string {
  return value.toFixed(value < 1 ? 3 : 2);
}

/** Millions of bytes, of what GNU time says in MiB. */
export function megabytesOf(mebibytes: number): number {
  return Math.round(mebibytes * 1.048576);
}

/** The machine, in a line. */
export async function machine(): Promise<string> {
  const cpu = /model name\s*: (.*)/.exec(await Deno.readTextFile("/proc/cpuinfo").catch(() => ""))?.[1];
  const memory = Math.round(Deno.systemMemoryInfo().total / 1024 ** 3);
  return `${
    cpu ?? Deno.build.arch
  }, ${navigator.hardwareConcurrency} CPUs, ${memory} GiB, Linux ${Deno.osRelease()}, Deno ${Deno.version.deno}`;
}
