/**
 * Shared code of the tests in this module: temporary directories, and helper programs written in shell.
 *
 * @module
 */
import { type ProgramRunner, runProgram } from "./program.ts";

/** Runs a test with a temporary directory. */
export async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Writes an executable shell script; `$1` is the action of a helper. */
export async function writeScript(path: string, ...lines: string[]): Promise<void> {
  await Deno.writeTextFile(path, ["#!/bin/sh", ...lines, ""].join("\n"));
  await Deno.chmod(path, 0o755);
}

/** Runs programs from one directory instead of PATH. */
export function runnerIn(directory: string): ProgramRunner {
  return (program, ...rest) => runProgram(`${directory}/${program}`, ...rest);
}

/** Writes a credential file. */
export async function writeConfig(path: string, document: unknown): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify(document, null, "\t"));
}
