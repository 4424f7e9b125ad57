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
    if (typeof result === "string") return `| ${name} | ${result} | | | | |`;
    const { wall, least, most, cpu, memory } = result;
    const ratio = wall / base;
    return `| ${name} | ${seconds(wall)} | ${seconds(least)}–${seconds(most)} | ${seconds(cpu)} | ${
      Math.round(memory)
    } | ${ratio.toFixed(2)} |`;
  });
  return [
    `### ${title}`,
    "",
    "| program | wall s | spread | CPU s | memory MiB | time over dray's |",
    "|---|---|---|---|---|---|",
    ...lines,
    "",
  ].join("\n");
}

function seconds(value: number): string {
  return value.toFixed(value < 1 ? 3 : 2);
}

/** The machine, in a line. */
export async function machine(): Promise<string> {
  const cpu = /model name\s*: (.*)/.exec(await Deno.readTextFile("/proc/cpuinfo").catch(() => ""))?.[1];
  const memory = Math.round(Deno.systemMemoryInfo().total / 1024 ** 3);
  return `${
    cpu ?? Deno.build.arch
  }, ${navigator.hardwareConcurrency} CPUs, ${memory} GiB, Linux ${Deno.osRelease()}, Deno ${Deno.version.deno}`;
}
