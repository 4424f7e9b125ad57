/**
 * Checks that no comment disables the lint rules of this repository, or all rules.
 *
 *     deno task lint
 *
 * @module
 */
import { findBadIgnores } from "./lint/ignores.ts";
import { sourceFiles } from "./modules/graph.ts";

const root = new URL("../", import.meta.url);
let problems = 0;
for (const file of await sourceFiles(root)) {
  for (const line of findBadIgnores(await Deno.readTextFile(new URL(file, root)))) {
    console.error(
      `${file}:${line}: name the rules that this comment disables; "dray/" rules can't be disabled, ` +
        "exceptions belong in scripts/lint/restricted_apis.ts",
    );
    problems++;
  }
}
if (problems > 0) Deno.exit(1);
