/**
 * Writes the man page to `dist/dray.1`, and the completions beside it: all from the command table.
 *
 * ```sh
 * deno task man [DATE]
 * man -l dist/dray.1
 * ```
 *
 * @module
 */
import { bashCompletions } from "../src/cli/completions/bash.ts";
import { fishCompletions } from "../src/cli/completions/fish.ts";
import { zshCompletions } from "../src/cli/completions/zsh.ts";
import { VERSION } from "../src/cli/version.ts";
import { DIST } from "./bundle.ts";
import { manPage } from "./man/page.ts";

const date = Deno.args[0] ?? new Date().toISOString().slice(0, 10);
const files: Readonly<Record<string, string>> = {
  "dray.1": manPage(VERSION, date),
  "dray.bash": bashCompletions(),
  "dray.fish": fishCompletions(),
  "_dray": zshCompletions(),
};
await Deno.mkdir(DIST, { recursive: true });
for (const [name, text] of Object.entries(files)) {
  await Deno.writeTextFile(`${DIST}/${name}`, text);
  console.log(`${DIST}/${name}`);
}
