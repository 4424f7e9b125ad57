/**
 * Import cycles between files, and between the directories of one module.
 *
 * @module
 */
import { isProduct } from "../lint/file_kinds.ts";
import { findCycles } from "./chains.ts";
import { type Graph, moduleOf, targetsIn } from "./graph.ts";

/** Describes the import cycles between files, each as a chain that starts and ends with the same file. */
export function findFileCycles(graph: Graph): string[] {
  return findCycles(graph.keys(), targetsIn(graph))
    .map((cycle) => `cycle between files:\n    ${cycle.join("\n    -> ")}`);
}

/**
 * Describes the import cycles between directories of one module, each with one import per step. The root
 * directory of a module counts as a directory. Imports by tests don't count.
 */
export function findDirectoryCycles(graph: Graph): string[] {
  const imports = importsBetweenDirectories(graph);
  const targetsOf = (directory: string) => [...imports.get(directory)?.keys() ?? []];
  return findCycles(imports.keys(), targetsOf).map((cycle) => {
    const steps = cycle.slice(1).map((to, i) => imports.get(cycle[i] ?? "")?.get(to));
    return `cycle between directories: ${cycle.join(" -> ")}\n    ${steps.join("\n    ")}`;
  });
}

/** Returns one import for each pair of directories, by importing and then by imported directory. */
function importsBetweenDirectories(graph: Graph): Map<string, Map<string, string>> {
  const imports = new Map<string, Map<string, string>>();
  for (const [file, edges] of graph) {
    const module = moduleOf(file);
    if (!isProduct(file) || module === undefined) continue;
    const from = directoryOf(file);
    const targets = imports.get(from) ?? new Map<string, string>();
    imports.set(from, targets);
    for (const { to: imported, line } of edges) {
      const to = directoryOf(imported);
      // Tiers already exclude cycles between modules.
      if (to === from || moduleOf(imported) !== module || !isProduct(imported) || targets.has(to)) continue;
      targets.set(to, `${file}:${line} -> ${imported}`);
    }
  }
  return imports;
}

function directoryOf(file: string): string {
  return file.slice(0, file.lastIndexOf("/"));
}
