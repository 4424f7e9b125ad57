/**
 * Measures a program: time, CPU and memory.
 *
 * @module
 */

/** The measurements of one run. */
export interface Sample {
  /** Seconds from the start of the process to its end. */
  readonly wall: number;
  /** CPU seconds of all threads, user and system. */
  readonly cpu: number;
  /** The largest resident size, in MiB. */
  readonly memory: number;
}

/** A program to run. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const TIME = "/usr/bin/time";

/**
 * Runs a program under GNU time, whose `wait4` includes all threads of the process.
 *
 * @throws Error with its output if it fails
 */
export async function measure({ program, args, env = {} }: Command): Promise<Sample> {
  const report = await Deno.makeTempFile({ prefix: "dray-bench-time-" });
  try {
    const command = new Deno.Command(TIME, {
      args: ["-f", "%e %U %S %M", "-o", report, program, ...args],
      env: { ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
    const begin = performance.now();
    const { code, stdout, stderr } = await command.output();
    const wall = (performance.now() - begin) / 1000;
    if (code !== 0) {
      const output = new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout);
      throw new Error(`"${program} ${args.join(" ")}" ended with exit code ${code}:\n${output.slice(-2000)}`);
    }
    const last = (await Deno.readTextFile(report)).trim().split("\n").at(-1) ?? "";
    const [, user = NaN, system = NaN, kib = NaN] = last.split(" ").map(Number);
    return { wall, cpu: user + system, memory: kib / 1024 };
  } finally {
    await Deno.remove(report);
  }
}

/** Checks that GNU time is installed. @throws Error with the command that installs it */
export async function checkTime(): Promise<void> {
  if (await Deno.stat(TIME).then(() => true, () => false)) return;
  throw new Error("Cannot measure: GNU time is not installed; run apt-get install time");
}

/** The summary of several runs: medians of time and CPU, the range of times, and the largest memory. */
export interface Summary {
  readonly wall: number;
  readonly least: number;
  readonly most: number;
  readonly cpu: number;
  readonly memory: number;
}

/** Summarizes one or more samples. */
export function summarize(samples: readonly Sample[]): Summary {
  const walls = samples.map(({ wall }) => wall);
  return {
    wall: median(walls),
    least: Math.min(...walls),
    most: Math.max(...walls),
    cpu: median(samples.map(({ cpu }) => cpu)),
    memory: Math.max(...samples.map(({ memory }) => memory)),
  };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
  return (lower + upper) / 2;
}
