/**
 * The import graph of the repository, type imports included, as `deno info` reports it.
 *
 * @module
 */

/** One import. */
export interface Edge {
  /** A path relative to the root of the repository, or the specifier (`npm:…`, `node:…`) of external code. */
  readonly to: string;
  /** The line of the import, from 1. */
  readonly line: number;
}

/** The imports of each file. Paths are relative to the root of the repository. */
export type Graph = ReadonlyMap<string, readonly Edge[]>;

/** Returns a function that lists the files and modules that a file imports. */
export function targetsIn(graph: Graph): (file: string) => string[] {
  return (file) => (graph.get(file) ?? []).map(({ to }) => to);
}

/** The module that a file belongs to, or undefined if it belongs to none. */
export function moduleOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

interface Resolved {
  readonly specifier?: string;
  readonly span?: { readonly start: { readonly line: number } };
  readonly error?: string;
}

interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: Resolved;
      readonly type?: Resolved;
    }[];
  }[];
}

/** Returns the sorted paths of all source files: `main.ts` and those in `src`, `tests` and `scripts`. */
export async function sourceFiles(root: URL): Promise<string[]> {
  const files: string[] = [];
  const walk = async (directory: string) => {
    for await (const { name, isDirectory } of Deno.readDir(new URL(directory, root))) {
      if (isDirectory) await walk(`${directory}${name}/`);
      else if (/\.[cm]?[jt]sx?$/.test(name)) files.push(directory + name);
    }
  };
  for (const directory of ["src/", "tests/", "scripts/"]) await walk(directory);
  if (await Deno.stat(new URL("main.ts", root)).then((info) => info.isFile, () => false)) {
    files.push("main.ts");
  }
  return files.sort();
}

/**
 * Returns the imports of the given files and of every file in the repository that they reach, from one run of
 * `deno info`.
 *
 * @throws Error if `deno info` fails
 */
export async function importsOf(files: readonly string[], root: URL): Promise<Graph> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const lines = files.map((file) => `import ${JSON.stringify(new URL(file, root).href)};\n`);
    await Deno.writeTextFile(entry, lines.join(""));
    const config = new URL("deno.json", root).pathname;
    const args = ["info", "--json", "--no-lock", "--config", config, entry];
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return graphOf(JSON.parse(new TextDecoder().decode(stdout)), root);
  } finally {
    await Deno.remove(entry);
  }
}

function graphOf(info: Info, root: URL): Graph {
  const graph = new Map<string, Edge[]>();
  for (const { specifier, error, dependencies = [] } of info.modules) {
    if (!specifier.startsWith(root.href)) continue;
    const file = specifier.slice(root.href.length);
    // The type check reports files that are missing or don't parse.
    if (error !== undefined) continue;
    const edges: Edge[] = [];
    for (const { specifier: text, code, type } of dependencies) {
      for (const resolved of [code, type]) {
        if (resolved === undefined) continue;
        const to = resolved.specifier ?? text;
        const line = (resolved.span?.start.line ?? 0) + 1;
        edges.push({ to: to.startsWith(root.href) ? to.slice(root.href.length) : to, line });
      }
    }
    graph.set(file, edges);
  }
  return graph;
}
