/**
 * Checks the module structure: modules import only from lower tiers, neither files nor the directories of a
 * module import each other in cycles, and each exported identifier is declared in one file.
 *
 *     deno task modules
 *
 * @module
 */
import { findViolations, readStructure } from "./modules/check.ts";

const structure = await readStructure(new URL("../", import.meta.url));
const problems = findViolations(structure);
for (const problem of problems) console.error(problem);
console.log(`modules: ${structure.graph.size} files, ${problems.length} problems`);
if (problems.length > 0) Deno.exit(1);
