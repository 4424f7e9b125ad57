/**
 * `dray completions`
 *
 * @module
 */
import type { Context } from "../context.ts";
import { type COMPLETIONS, SHELLS } from "../table/program.ts";
import type { InputOf } from "../table/types.ts";
import { suggest } from "../suggest.ts";
import { usageError } from "../words.ts";

/** Prints the script for a shell. */
export async function run({ args }: InputOf<typeof COMPLETIONS>, context: Context): Promise<void> {
  context.io.stdout.write(await scriptFor(args.shell));
}

async function scriptFor(name: string): Promise<string> {
  const shell = SHELLS.find((known) => known === name);
  switch (shell) {
    case "bash":
      return (await import("../completions/bash.ts")).bashCompletions();
    case "zsh":
      return (await import("../completions/zsh.ts")).zshCompletions();
    case "fish":
      return (await import("../completions/fish.ts")).fishCompletions();
    case undefined: {
      const near = suggest(name, SHELLS);
      const hint = near === undefined ? "" : `, the nearest is "${near}"`;
      throw usageError("completions", `no completions for "${name}", want bash, zsh or fish${hint}`);
    }
  }
}
