/**
 * Writes the man pages and the completions to `dist/`, all from the command table and the help topics.
 *
 * ```sh
 * deno task man [DATE]
 * man -l dist/dray.1
 * man -l dist/dray-events.7
 * ```
 *
 * @module
 */
import { COMMANDS } from "../src/cli/commands.ts";
import { bashCompletions } from "../src/cli/completions/bash.ts";
import { fishCompletions } from "../src/cli/completions/fish.ts";
import { zshCompletions } from "../src/cli/completions/zsh.ts";
import { VERSION } from "../src/cli/context/version.ts";
import { TOPICS } from "../src/cli/help/topics.ts";
import { DIST } from "./bundle.ts";
import { manPage, topicFile, topicPage } from "./man/page.ts";

const date = Deno.args[0] ?? new Date().toISOString().slice(0, 10);
const files: Record<string, string> = {
  "dray.1": manPage(VERSION, date),
  "dray.bash": bashCompletions(COMMANDS),
  "dray.fish": fishCompletions(COMMANDS),
  "_dray": zshCompletions(COMMANDS),
};
for (const topic of Object.keys(TOPICS) as (keyof typeof TOPICS)[]) {
  files[topicFile(topic)] = await topicPage(topic, VERSION, date);
}
await Deno.mkdir(DIST, { recursive: true });
for (const [name, text] of Object.entries(files)) {
  await Deno.writeTextFile(`${DIST}/${name}`, text);
  console.log(`${DIST}/${name}`);
}
