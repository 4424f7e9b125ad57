/**
 * Measures a program whose fsync calls do nothing.
 *
 * @module
 */
import type { Command, Sample } from "./measure.ts";

/** The function that measures without fsync, or why this machine can't. */
export type NoSync =
  | { readonly measure: (command: Command) => Promise<Sample> }
  | { readonly missing: string };

const RUNNER = new URL("no_sync_runner.ts", import.meta.url).pathname;

/** Checks whether this machine supports the filter. */
export async function findNoSync(): Promise<NoSync> {
  try {
    await measure({ program: "true", args: [] });
    return { measure };
  } catch (error) {
    return { missing: `syncs can't be skipped: ${String(error).split("\n")[0]}` };
  }
}

/** Uses a separate process, because a seccomp filter can't be removed. */
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
