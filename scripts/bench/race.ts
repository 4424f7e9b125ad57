/**
 * Several programs at the same work, in turn.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import type { Contender, Task } from "./contender.ts";
import { type Sample, summarize } from "./measure.ts";
import { inTurn } from "./order.ts";
import type { Row } from "./table.ts";
import { warm } from "./warm.ts";

/** How a race is run. */
export interface Course {
  /** Where contenders get their folders. It is not there any more when the race is over. */
  readonly folder: string;
  /** How often each does the work. */
  readonly runs: number;
  /** How much memory is touched before each run; the work's bytes and what a program needs beside them. */
  readonly warmBytes: number;
  readonly signal: AbortSignal;
}

/** Memory that a run may touch for the first time. Four processes of a pull and its registry have less than a third. */
const SPARE_BYTES = 512 * 1024 * 1024;
/** A host that takes freed memory back in portions of 1 GiB takes more than that at once, and leaves less than this. */
const WARM_MAX_BYTES = 1000 * 1024 * 1024;

/** How much to touch before work of so many bytes. */
export function warmBytesFor(bytes: number): number {
  return Math.min(bytes + SPARE_BYTES, WARM_MAX_BYTES);
}

/**
 * Runs all contenders in turn, so that what else the machine does meets them all, in another order each round.
 *
 * @throws Error if one of ours fails; what others say is in their rows
 */
export async function race(
  contenders: readonly Contender[],
  { reference, caFile }: Omit<Task, "folder">,
  { folder, runs, warmBytes, signal }: Course,
): Promise<readonly Row[]> {
  const entries = contenders.map((contender, position) => ({
    contender,
    position,
    samples: [] as Sample[],
    failure: contender.missing,
  }));
  for (let round = 0; round < runs; round++) {
    for (const entry of inTurn(entries, round)) {
      const { contender: { name, isOurs }, position, samples } = entry;
      if (entry.failure !== undefined) continue;
      const own = `${folder}/${round}-${position}`;
      await Deno.mkdir(own, { recursive: true });
      // What others left unwritten must not be written in our time, nor ours in theirs.
      await new Deno.Command("sync").output();
      if (warmBytes > 0) warm(warmBytes);
      signal.throwIfAborted();
      try {
        samples.push(await entry.contender.run({ reference, folder: own, caFile }));
      } catch (error) {
        signal.throwIfAborted();
        if (isOurs) throw error;
        console.error(`bench: ${name}: ${error instanceof Error ? error.message : String(error)}`);
        entry.failure = "failed";
      }
      if (await mustGoNow(own)) await Deno.remove(own, { recursive: true });
    }
  }
  await setAside(folder);
  return entries.map(({ contender: { name }, samples, failure }) => ({
    name,
    result: failure ?? summarize(samples),
  }));
}

const MANY_FILES = 1000;
const LARGE_MIB = 60;
const DISK_MIN_BYTES = 20 * 1024 ** 3;

/** Many files are left to the end if there is room: ext4 is slow, for minutes, to use their places again. */
async function mustGoNow(folder: string): Promise<boolean> {
  if (await used(folder, "-sm") < LARGE_MIB) return false;
  return !hasRoom(folder) || await used(folder, "-s", "--inodes") < MANY_FILES;
}

/** Moves what the contenders made out of the way, to go with everything at the end. */
async function setAside(folder: string): Promise<void> {
  if (hasRoom(folder)) await Deno.rename(folder, `${folder}-${crypto.randomUUID()}`);
  else await Deno.remove(folder, { recursive: true });
}

function hasRoom(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize >= DISK_MIN_BYTES;
}

async function used(folder: string, ...args: readonly string[]): Promise<number> {
  const { stdout } = await new Deno.Command("du", { args: [...args, folder] }).output();
  return Number(new TextDecoder().decode(stdout).split("\t")[0]);
}
