/**
 * The tiers of the modules, and the imports that they forbid.
 *
 * @module
 */
import { isTestFile } from "../lint/file_kinds.ts";
import { shortestChain } from "./chains.ts";
import { type Graph, moduleOf, targetsIn } from "./graph.ts";

/** The tier of each module, a directory under `src`. It imports only itself and modules on lower tiers. */
export const TIERS: Readonly<Record<string, number>> = {
  base: 1,
  oci: 2,
  content: 3,
  tar: 3,
  compress: 3,
  http: 3,
  http2: 3,
  registry: 4,
  hosts: 4,
  credentials: 4,
  store: 4,
  unpack: 4,
  grpc: 4,
  // Tier 5 is reserved for the signature policy.
  image: 6,
  cri: 7,
  cli: 8,
};

/** `src/mod.ts`, the public library, exports modules up to this tier. */
const LIBRARY_TIER = 6;

/** The code of the worker threads. `main.ts` imports it directly, so that a worker doesn't load cli. */
const WORKER_FILES: ReadonlySet<string> = new Set(["src/base/concurrency/worker.ts", "src/image/thread.ts"]);

/** Describes each forbidden import: its place, the reason, and the import chain from an entry point. */
export function findForbiddenImports(graph: Graph): string[] {
  const problems = new Set<string>();
  for (const [from, edges] of graph) {
    for (const { to, line } of edges) {
      const reason = whyForbidden(from, to);
      if (reason !== undefined) {
        problems.add(`${from}:${line}: imports ${to}: ${reason}${chainFromEntry(graph, from, to)}`);
      }
    }
  }
  return [...problems];
}

/** Returns the reason why a file may not import another, or undefined if it may. */
export function whyForbidden(from: string, to: string): string | undefined {
  if (isTest(from)) return undefined;
  if (/^(?:npm|node|jsr|data|https?):/.test(to)) return undefined;
  if (to.startsWith("file:")) return "the file is outside the repository";
  if (isTest(to)) return "only tests and scripts may import tests and scripts";
  // The version number is stored only in deno.json.
  if (to === "deno.json" && from.startsWith("src/cli/")) return undefined;
  if (from === "main.ts") {
    const isEntry = to.startsWith("src/cli/") || WORKER_FILES.has(to);
    return isEntry ? undefined : "main.ts imports only cli and the code of its worker threads";
  }
  const target = moduleOf(to);
  if (target === undefined) return "the file is not part of a module";
  const targetTier = TIERS[target];
  if (targetTier === undefined) return withoutTier(target);
  if (from === "src/mod.ts") {
    return targetTier <= LIBRARY_TIER
      ? undefined
      : `the library ends at tier ${LIBRARY_TIER}, and ${target} is on tier ${targetTier}`;
  }
  const source = moduleOf(from);
  if (source === undefined) return "the only file directly under src is mod.ts";
  const sourceTier = TIERS[source];
  if (sourceTier === undefined) return withoutTier(source);
  if (source === target || targetTier < sourceTier) return undefined;
  return targetTier === sourceTier
    ? `${source} and ${target} are both on tier ${sourceTier}`
    : `${source} is on tier ${sourceTier}, and ${target} on tier ${targetTier} above it`;
}

function withoutTier(module: string): string {
  return `module "${module}" has no tier; add it to TIERS in scripts/modules/tiers.ts`;
}

/** Whether a file is a test or a script. These may import everything. */
function isTest(path: string): boolean {
  return path.startsWith("tests/") || path.startsWith("scripts/") || isTestFile(path);
}

/** The shortest import chain from an entry point of the program or the library to an import of `from`. */
function chainFromEntry(graph: Graph, from: string, to: string): string {
  for (const entry of ["main.ts", "src/mod.ts"]) {
    const chain = shortestChain(targetsIn(graph), entry, from);
    if (chain !== undefined) return `\n    ${[...chain, to].join("\n    -> ")}`;
  }
  return "";
}
