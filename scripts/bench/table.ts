/**
 * Formats results as Markdown.
 *
 * @module
 */
import type { Summary } from "./measure.ts";

/** The result of one program; a string says why there is none. */
export interface Row {
  readonly name: string;
  readonly result: Summary | string;
}

/** Formats a comparison as a table. The ratios are to the first row. */
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
    ...markdown(["program", "median s", "range s", "CPU s", "memory MB", "time / dray's"], lines),
    "",
  ].join("\n");
}

/** Returns the lines of a table. The first column is aligned left, the others right. */
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

/** Formats seconds with milliseconds below one second, and with hundredths above. */
export function secondsOf(value: number): string {
  return value.toFixed(value < 1 ? 3 : 2);
}

/** Converts MiB to MB, rounded. */
export function megabytesOf(mebibytes: number): number {
  return Math.round(mebibytes * 1.048576);
}

/** Describes the machine in one line. */
export async function machine(): Promise<string> {
  const cpu = /model name\s*: (.*)/.exec(await Deno.readTextFile("/proc/cpuinfo").catch(() => ""))?.[1];
  const memory = Math.round(Deno.systemMemoryInfo().total / 1024 ** 3);
  return `${
    cpu ?? Deno.build.arch
  }, ${navigator.hardwareConcurrency} CPUs, ${memory} GiB, Linux ${Deno.osRelease()}, Deno ${Deno.version.deno}`;
}
