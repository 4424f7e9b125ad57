/**
 * Checks that no comment turns off the lint rules of this repository, or all rules at once.
 *
 *     deno task lint
 *
 * @module
 */
import { sourceFiles } from "./floors/graph.ts";
import { findBadIgnores } from "./lint/ignores.ts";

const root = new URL("../", import.meta.url);
let problems = 0;
for (const file of await sourceFiles(root)) {
  for (const line of findBadIgnores(await Deno.readTextFile(new URL(file, root)))) {
    console.error(
      `${file}:${line}: name the lint rules to ignore; exceptions from doors stand in scripts/lint/doors.ts`,
    );
    problems++;
  }
}
if (problems > 0) Deno.exit(1);
