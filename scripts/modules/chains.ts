/**
 * Shortest chains and cycles in a directed graph.
 *
 * @module
 */

/** Returns the direct successors of a node. */
export type TargetsOf = (node: string) => readonly string[];

/**
 * Finds the shortest chain of at least one edge between two nodes.
 *
 * @returns the nodes from `start` to `end`, both included, or undefined if there is no chain
 */
export function shortestChain(targetsOf: TargetsOf, start: string, end: string): string[] | undefined {
  const predecessors = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const target of targetsOf(node)) {
      if (target === end) return chainTo(predecessors, start, node, end);
      if (predecessors.has(target)) continue;
      predecessors.set(target, node);
      queue.push(target);
    }
  }
  return undefined;
}

function chainTo(
  predecessors: ReadonlyMap<string, string>,
  start: string,
  last: string,
  end: string,
): string[] {
  const chain = [end];
  for (let node: string | undefined = last; node !== undefined; node = predecessors.get(node)) {
    chain.unshift(node);
    if (node === start) break;
  }
  return chain;
}

/**
 * Finds cycles such that each node on a cycle is in at least one of the results.
 *
 * @returns chains that start and end with the same node
 */
export function findCycles(nodes: Iterable<string>, targetsOf: TargetsOf): string[][] {
  const cycles: string[][] = [];
  const reported = new Set<string>();
  for (const node of nodes) {
    if (reported.has(node)) continue;
    const cycle = shortestChain(targetsOf, node, node);
    if (cycle === undefined) continue;
    cycles.push(cycle);
    for (const member of cycle) reported.add(member);
  }
  return cycles;
}
