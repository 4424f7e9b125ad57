/**
 * Leaving early, with nothing left behind: no server, no program under test.
 *
 * @module
 */
import { neverAborted, sleep } from "../../src/base/abort.ts";

/** How long a program may take over its end, in looks. */
const LOOKS = 50;
const LOOK_MS = 100;

/** Ends all that this process started, and what those started, and waits until all are gone. */
export async function endDescendants(): Promise<void> {
  // When a parent dies its children become those of another: what was seen once is remembered.
  const seen = new Map<number, string>();
  for (let look = 0; look < 2 * LOOKS; look++) {
    const all = processes();
    for (const pid of descendantsOf(Deno.pid, all)) {
      const started = all.get(pid)?.started ?? "";
      if (seen.get(pid) === started) continue;
      seen.set(pid, started);
      kill(pid, "SIGTERM");
    }
    // A number is given again to others some day; the time of the start tells them apart.
    const living = [...seen].filter(([pid, started]) => all.get(pid)?.started === started);
    if (living.length === 0) return;
    if (look >= LOOKS) { for (const [pid] of living) kill(pid, "SIGKILL"); }
    await sleep(LOOK_MS, neverAborted());
  }
}

interface Process {
  readonly parent: number;
  readonly started: string;
}

/** All processes but those that are dead and wait for their parents. */
function processes(): ReadonlyMap<number, Process> {
  const all = new Map<number, Process>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    try {
      // proc(5): the name, in parentheses, may have anything in it.
      const fields = Deno.readTextFileSync(`/proc/${name}/stat`).replace(/^.*\) /s, "").split(" ");
      if (fields[0] !== "Z") all.set(Number(name), { parent: Number(fields[1]), started: fields[19] ?? "" });
    } catch {
      // It has ended meanwhile.
    }
  }
  return all;
}

/** The processes below one, from a list of all. */
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
    // It is gone.
  }
}
