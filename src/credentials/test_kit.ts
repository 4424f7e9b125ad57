/**
 * What the tests of this room share: folders, and helper programs made of shell lines.
 *
 * @module
 */
import { type ProgramRunner, runProgram } from "./program.ts";

/** Runs a test with a folder of its own. */
export async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes an executable shell script; `$1` is the action of a helper. */
export async function writeScript(path: string, ...lines: string[]): Promise<void> {
  await Deno.writeTextFile(path, ["#!/bin/sh", ...lines, ""].join("\n"));
  await Deno.chmod(path, 0o755);
}

/** Looks for programs in one folder, where a shell would look in the PATH. */
export function runnerIn(folder: string): ProgramRunner {
  return (program, ...rest) => runProgram(`${folder}/${program}`, ...rest);
}

/** Writes a credential file. */
export async function writeConfig(path: string, document: unknown): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify(document, null, "\t"));
}
