/**
 * Runs several programs on the same task, in turn.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import { type Sample, summarize } from "./measure.ts";
import { interleaved } from "./order.ts";
import { prefault } from "./prefault.ts";
import type { Row } from "./table.ts";

/** One image to pull or unpack. */
export interface Task {
  /** `127.0.0.1:5000/bench/a:1` */
  readonly reference: string;
  /** An empty directory for this run only. */
  readonly directory: string;
  /** A PEM file with the CA certificate of the registry; undefined for plain HTTP. */
  readonly caFile: string | undefined;
}

/** A program under test. */
export interface Program {
  readonly name: string;
  /** Whether a failure ends the benchmark. A failure of another program is only reported. */
  readonly isOurs: boolean;
  /** Why the program can't run on this machine, or undefined if it can. */
  readonly missing: string | undefined;
  /** Runs the task and measures it. @throws Error with the program's output if it fails */
  run(task: Task): Promise<Sample>;
}

/** How programs are compared. */
export interface ComparisonOptions {
  /** Holds the directories of the runs. It is moved or removed at the end. */
  readonly directory: string;
  /** Runs per program. */
  readonly runs: number;
  /** Memory to pre-fault before each run; 0 for none. */
  readonly prefaultBytes: number;
  readonly signal: AbortSignal;
}

/** Memory in addition to the workload's bytes. The four processes of a pull and its registry use less than a third. */
const OTHER_MEMORY_BYTES = 512 * 1024 * 1024;
/** Hosts that take freed memory back in portions of 1 GiB would take a larger allocation back immediately. */
const PREFAULT_MAX_BYTES = 1000 * 1024 * 1024;

/** Returns how much memory to pre-fault before a workload of `bytes`. */
export function prefaultBytesFor(bytes: number): number {
  return Math.min(bytes + OTHER_MEMORY_BYTES, PREFAULT_MAX_BYTES);
}

/**
 * Runs the programs in turn, in another order each round, so that other load on the machine affects all of them.
 *
 * @returns one row per program, in the order given; a program that fails or is missing has the reason in its row
 * @throws Error if a program of ours fails; the signal's reason
 */
export async function comparePrograms(
  programs: readonly Program[],
  { reference, caFile }: Omit<Task, "directory">,
  { directory, runs, prefaultBytes, signal }: ComparisonOptions,
): Promise<readonly Row[]> {
  const entries = programs.map((program, position) => ({
    program,
    position,
    samples: [] as Sample[],
    failure: program.missing,
  }));
  for (let round = 0; round < runs; round++) {
    for (const entry of interleaved(entries, round)) {
      const { program: { name, isOurs }, position, samples } = entry;
      if (entry.failure !== undefined) continue;
      const runDirectory = `${directory}/${round}-${position}`;
      await Deno.mkdir(runDirectory, { recursive: true });
      // Otherwise the kernel would write the previous program's dirty pages during this run.
      await new Deno.Command("sync").output();
      if (prefaultBytes > 0) prefault(prefaultBytes);
      signal.throwIfAborted();
      try {
        samples.push(await entry.program.run({ reference, directory: runDirectory, caFile }));
      } catch (error) {
        signal.throwIfAborted();
        if (isOurs) throw error;
        console.error(`bench: ${name}: ${error instanceof Error ? error.message : String(error)}`);
        entry.failure = "failed";
      }
      if (await mustRemoveNow(runDirectory)) await Deno.remove(runDirectory, { recursive: true });
    }
  }
  await retire(directory);
  return entries.map(({ program: { name }, samples, failure }) => ({
    name,
    result: failure ?? summarize(samples),
  }));
}

const MANY_FILES = 1000;
const LARGE_MIB = 60;
const DISK_MIN_BYTES = 20 * 1024 ** 3;

/** Keeps many small files to the end if the disk has space: after a large removal ext4 is slow for minutes. */
async function mustRemoveNow(directory: string): Promise<boolean> {
  if (await usage(directory, "-sm") < LARGE_MIB) return false;
  return !hasSpace(directory) || await usage(directory, "-s", "--inodes") < MANY_FILES;
}

/** Renames the directory, so that it is removed at the end of the benchmark; removes it if the disk is nearly full. */
async function retire(directory: string): Promise<void> {
  if (hasSpace(directory)) await Deno.rename(directory, `${directory}-${crypto.randomUUID()}`);
  else await Deno.remove(directory, { recursive: true });
}

function hasSpace(directory: string): boolean {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize >= DISK_MIN_BYTES;
}

async function usage(directory: string, ...args: readonly string[]): Promise<number> {
  const { stdout } = await new Deno.Command("du", { args: [...args, directory] }).output();
  return Number(new TextDecoder().decode(stdout).split("\t")[0]);
}
