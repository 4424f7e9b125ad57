/**
 * `dray completions`
 *
 * @module
 */
import type { Context } from "../../context/context.ts";
import { didYouMean } from "../../table/suggest.ts";
import type { CommandTable, InputOf } from "../../table/types.ts";
import { usageError } from "../../table/usage.ts";
import { type COMPLETIONS, SHELLS } from "./spec.ts";

/** Prints the script for a shell. */
export async function run({ args }: InputOf<typeof COMPLETIONS>, { io, table }: Context): Promise<void> {
  io.stdout.write(await scriptFor(args.shell, table));
}

async function scriptFor(name: string, table: CommandTable): Promise<string> {
  const shell = SHELLS.find((known) => known === name);
  switch (shell) {
    case "bash":
      return (await import("../../completions/bash.ts")).bashCompletions(table);
    case "zsh":
      return (await import("../../completions/zsh.ts")).zshCompletions(table);
    case "fish":
      return (await import("../../completions/fish.ts")).fishCompletions(table);
    case undefined:
      throw usageError(
        "completions",
        `no completions for "${name}"; use bash, zsh or fish${didYouMean(name, SHELLS)}`,
      );
  }
}
