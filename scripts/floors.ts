/**
 * Checks that imports between rooms go down only, and that no files import each other in a circle.
 *
 *     deno task floors
 *
 * @module
 */
import { importsOf, sourceFiles } from "./floors/graph.ts";
import { findViolations } from "./floors/rules.ts";

const root = new URL("../", import.meta.url);
const graph = await importsOf(await sourceFiles(root), root);
const problems = findViolations(graph);
for (const problem of problems) console.error(problem);
console.log(`floors: ${graph.size} files, ${problems.length} problems`);
if (problems.length > 0) Deno.exit(1);
