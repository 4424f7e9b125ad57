/**
 * The same program, none of whose syncs reaches the disk.
 *
 * @module
 */
import type { Command, Sample } from "./measure.ts";

/** A way to measure a program so, or why there is none. */
export type NoSync =
  | { readonly measure: (command: Command) => Promise<Sample> }
  | { readonly missing: string };

const RUNNER = new URL("without_sync.ts", import.meta.url).pathname;

/** Tries it. */
export async function findNoSync(): Promise<NoSync> {
  try {
    await measure({ program: "true", args: [] });
    return { measure };
  } catch (error) {
    return { missing: `syncs can't be held back: ${String(error).split("\n")[0]}` };
  }
}

/** In a process of its own: what holds syncs back can't be taken off again. */
async function measure(command: Command): Promise<Sample> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-config", RUNNER, JSON.stringify(command)],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
  return JSON.parse(new TextDecoder().decode(stdout));
}
