/**
 * Shared code of the tests in this module: temporary directories, and helper programs written in shell.
 *
 * @module
 */
import type { CredentialHelperOptions } from "./helper.ts";

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

/** Finds helper programs in a directory. */
export function helpersIn(directory: string): CredentialHelperOptions {
  return { env: { PATH: `${directory}:/bin` } };
}

/** Writes a credential file. */
export async function writeConfig(path: string, document: unknown): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify(document, null, "\t"));
}
