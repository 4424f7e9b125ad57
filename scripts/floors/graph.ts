/**
 * Who imports whom, as the runtime itself sees it: values and types.
 *
 * @module
 */

/** One import. */
export interface Edge {
  /** A path from the root of the repository, or a specifier (`npm:…`, `node:…`) of something else. */
  readonly to: string;
  /** Where it stands in the importing file, from 1. */
  readonly line: number;
}

/** Imports by file; paths are from the root of the repository. */
export type Graph = ReadonlyMap<string, readonly Edge[]>;

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

/** The sources of the repository: `main.ts` and all of `src`, `tests` and `scripts`. */
export async function sourceFiles(root: URL): Promise<string[]> {
  const files: string[] = [];
  const walk = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
      if (isDirectory) await walk(`${folder}${name}/`);
      else if (/\.[cm]?[jt]sx?$/.test(name)) files.push(folder + name);
    }
  };
  for (const folder of ["src/", "tests/", "scripts/"]) await walk(folder);
  if (await Deno.stat(new URL("main.ts", root)).then((info) => info.isFile, () => false)) {
    files.push("main.ts");
  }
  return files.sort();
}

/**
 * The imports of files and of all that they reach in the repository, from one run of `deno info`.
 *
 * @throws Error if the runtime can't make the graph
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
    // What is missing or does not parse is for the type check to say.
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
