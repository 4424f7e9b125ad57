/**
 * A small import graph for tests.
 *
 * @module
 */
import type { Graph } from "./graph.ts";

/** The line of every import in a graph of `graphOf()`. */
export const LINE = 7;

/** Makes a graph from lists of imported files. */
export function graphOf(files: Readonly<Record<string, readonly string[]>>): Graph {
  return new Map(
    Object.entries(files).map(([file, imports]) => [file, imports.map((to) => ({ to, line: LINE }))]),
  );
}
