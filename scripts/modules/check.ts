/**
 * All checks of the module structure.
 *
 * @module
 */
import { findDirectoryCycles, findFileCycles } from "./cycles.ts";
import { type Declaration, declarationsIn, findDuplicates } from "./declarations.ts";
import { type Graph, importsOf, sourceFiles } from "./graph.ts";
import { findForbiddenImports } from "./tiers.ts";

/** What the checks examine. */
export interface Structure {
  readonly graph: Graph;
  readonly declarations: readonly Declaration[];
}

/** Reads the imports and declarations of all source files. */
export async function readStructure(root: URL): Promise<Structure> {
  const files = await sourceFiles(root);
  const declarations = await Promise.all(
    files.map(async (file) => declarationsIn(file, await Deno.readTextFile(new URL(file, root)))),
  );
  return { graph: await importsOf(files, root), declarations: declarations.flat() };
}

/** Describes every violation, one text each. */
export function findViolations({ graph, declarations }: Structure): string[] {
  return [
    ...findForbiddenImports(graph),
    ...findFileCycles(graph),
    ...findDirectoryCycles(graph),
    ...findDuplicates(declarations),
  ];
}
