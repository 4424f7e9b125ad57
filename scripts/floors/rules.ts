/**
 * The floors of the house, and who may import whom.
 *
 * @module
 */
import { isTestFile } from "../lint/doors.ts";
import type { Graph } from "./graph.ts";

/** The floor of each room. A room imports itself and rooms on lower floors. */
export const FLOORS: Readonly<Record<string, number>> = {
  base: 0,
  oci: 1,
  content: 2,
  tar: 2,
  compress: 2,
  http2: 2,
  hosts: 3,
  http: 2,
  registry: 3,
  credentials: 3,
  store: 3,
  unpack: 3,
  grpc: 3,
  image: 4,
  cri: 5,
  cli: 6,
};

/** The highest floor of the public library. */
const LIBRARY_FLOOR = 4;

/** The program's threads are loaded without its command line, which they have no use for. */
const THREAD_FILES: ReadonlySet<string> = new Set(["src/base/worker.ts", "src/image/thread.ts"]);

/** Everything wrong with a graph, one text each: the import, why it is wrong, and how the program comes to it. */
export function findViolations(graph: Graph): string[] {
  const problems: string[] = [];
  for (const [from, edges] of graph) {
    for (const { to, line } of edges) {
      const why = whyNot(from, to);
      if (why !== undefined) problems.push(`${from}:${line}: imports ${to}: ${why}${wayTo(graph, from, to)}`);
    }
  }
  const cycles = findCycles(graph).map((cycle) => `cycle between files:\n    ${cycle.join("\n    -> ")}`);
  return [...new Set([...problems, ...cycles])];
}

/** Why a file may not import another; undefined if it may. */
export function whyNot(from: string, to: string): string | undefined {
  if (isTest(from)) return undefined;
  if (/^(?:npm|node|jsr|data|https?):/.test(to)) return undefined;
  if (to.startsWith("file:")) return "it is outside of the repository";
  if (isTest(to)) return "it is part of the tests";
  // The version stands there and nowhere else.
  if (to === "deno.json" && from.startsWith("src/cli/")) return undefined;
  if (from === "main.ts") {
    const isDoor = to.startsWith("src/cli/") || THREAD_FILES.has(to);
    return isDoor ? undefined : "main.ts imports only cli, and what its threads run";
  }
  const room = roomOf(to);
  if (room === undefined) return "it is no room";
  const floor = FLOORS[room];
  if (floor === undefined) return `room "${room}" has no floor, give it one in scripts/floors/rules.ts`;
  if (from === "src/mod.ts") {
    return floor <= LIBRARY_FLOOR
      ? undefined
      : `the library ends at floor ${LIBRARY_FLOOR}, ${room} is on ${floor}`;
  }
  const home = roomOf(from);
  if (home === undefined) return "src has only rooms and mod.ts";
  const homeFloor = FLOORS[home];
  if (homeFloor === undefined) return `room "${home}" has no floor, give it one in scripts/floors/rules.ts`;
  if (home === room || floor < homeFloor) return undefined;
  return floor === homeFloor
    ? `${home} and ${room} share floor ${floor}, no sideways imports`
    : `${home} is on floor ${homeFloor} and ${room} above it on ${floor}`;
}

/** Files that may import anything, and that only their like may import. */
function isTest(path: string): boolean {
  return path.startsWith("tests/") || path.startsWith("scripts/") || isTestFile(path);
}

function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/** The shortest way from a door of the house to an import. */
function wayTo(graph: Graph, from: string, to: string): string {
  for (const door of ["main.ts", "src/mod.ts"]) {
    const way = shortestWay(graph, door, (file) => file === from);
    if (way !== undefined && way.length > 1) return `\n    ${[...way, to].join("\n    -> ")}`;
  }
  return "";
}

function shortestWay(graph: Graph, start: string, isEnd: (file: string) => boolean): string[] | undefined {
  const cameFrom = new Map<string, string | undefined>([[start, undefined]]);
  const queue = graph.has(start) ? [start] : [];
  for (const file of queue) {
    if (isEnd(file)) {
      const way: string[] = [];
      for (let at: string | undefined = file; at !== undefined; at = cameFrom.get(at)) way.unshift(at);
      return way;
    }
    for (const { to } of graph.get(file) ?? []) {
      if (cameFrom.has(to)) continue;
      cameFrom.set(to, file);
      queue.push(to);
    }
  }
  return undefined;
}

/** One chain for each knot of files that import each other, its first file again at the end. */
function findCycles(graph: Graph): string[][] {
  const cycles: string[][] = [];
  const knotted = new Set<string>();
  for (const [file, edges] of graph) {
    if (knotted.has(file)) continue;
    for (const { to } of edges) {
      const way = to === file ? [file] : shortestWay(graph, to, (at) => at === file);
      if (way === undefined) continue;
      cycles.push(to === file ? [file, file] : [file, ...way]);
      for (const member of way) knotted.add(member);
      break;
    }
  }
  return cycles;
}
