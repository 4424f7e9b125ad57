/**
 * Ends all processes that the benchmark started, so that an interrupted run leaves no server or program running.
 *
 * @module
 */
import { neverAborted, sleep } from "../../src/base/concurrency/abort.ts";

/** Processes still alive after this many polls are killed. */
const TERM_POLLS = 50;
const POLL_MS = 100;

/**
 * Sends SIGTERM to all descendants of this process, SIGKILL after 5 s, and returns when all have ended, or after 10 s.
 */
export async function endDescendants(): Promise<void> {
  // Children of an ended process get another parent, so remember every descendant that was seen.
  const seen = new Map<number, string>();
  for (let poll = 0; poll < 2 * TERM_POLLS; poll++) {
    const all = processes();
    for (const pid of descendantsOf(Deno.pid, all)) {
      const started = all.get(pid)?.started ?? "";
      if (seen.get(pid) === started) continue;
      seen.set(pid, started);
      kill(pid, "SIGTERM");
    }
    // The kernel reuses pids; the start time distinguishes the processes.
    const living = [...seen].filter(([pid, started]) => all.get(pid)?.started === started);
    if (living.length === 0) return;
    if (poll >= TERM_POLLS) { for (const [pid] of living) kill(pid, "SIGKILL"); }
    await sleep(POLL_MS, neverAborted());
  }
}

interface Process {
  readonly parent: number;
  readonly started: string;
}

/** Returns all processes except zombies. */
function processes(): ReadonlyMap<number, Process> {
  const all = new Map<number, Process>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    try {
      // The command name, in parentheses, may contain any character (proc(5)).
      const fields = Deno.readTextFileSync(`/proc/${name}/stat`).replace(/^.*\) /s, "").split(" ");
      if (fields[0] !== "Z") all.set(Number(name), { parent: Number(fields[1]), started: fields[19] ?? "" });
    } catch {
      // The process has ended since the directory was read.
    }
  }
  return all;
}

/** Returns the children of a process, their children and so on. */
export function descendantsOf(
  root: number,
  all: ReadonlyMap<number, { readonly parent: number }>,
): readonly number[] {
  const found = new Set([root]);
  for (let size = 0; size < found.size;) {
    size = found.size;
    for (const [pid, { parent }] of all) if (found.has(parent)) found.add(pid);
  }
  found.delete(root);
  return [...found];
}

function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch {
    // It has already ended.
  }
}
