/**
 * Merges the chunks of a bundle into a few files.
 *
 * `deno bundle` writes one chunk per dynamic import and one per set of shared modules: 140. Deno reads and parses all of
 * them at each start, also those that the command doesn't need, and loads dynamic imports one after the other. A pull
 * took 11 ms longer.
 *
 * @module
 */

/** The files and their entry chunks. A chunk that several entries import goes into the first file. */
const GROUPS: readonly (readonly [file: string, chunks: readonly string[]])[] = [
  ["thread", ["main", "thread", "hash_thread", "decode_thread"]],
  ["pull", [
    "program",
    "credentials",
    "version",
    "pull",
    "open",
    "pending_resolution",
    "reference",
    "source",
    "registry",
  ]],
  ["unpack", ["pull_unpack", "unpack_layers"]],
];

/** The files in which every function may be compiled eagerly, because whatever loads them needs most of their code. */
export const EAGER_FILES: readonly string[] = GROUPS.map(([file]) => file);
/** The files that each pull loads. */
export const PULL_FILES: readonly string[] = ["thread", "pull"];

/** The file of all other chunks. */
const REST = "rest";

/**
 * Replaces the chunks in `directory`, whose entry is `main.js`, by the files of the groups.
 *
 * @throws Error if the entry chunk of a group is missing, or rollup warns
 */
export async function groupChunks(directory: string): Promise<void> {
  const chunks = new Map([...Deno.readDirSync(directory)].map(({ name }) => {
    const text = Deno.readTextFileSync(`${directory}/${name}`);
    return [name, { stem: name.replace(/(-[0-9A-Z]{8})?\.js$/, ""), imports: importsOf(text) }];
  }));
  const files = new Map<string, string>();
  const assign = (name: string, file: string) => {
    if (files.has(name)) return;
    files.set(name, file);
    for (const imported of chunks.get(name)?.imports ?? []) assign(imported, file);
  };
  for (const [file, stems] of GROUPS) {
    for (const stem of stems) {
      const names = [...chunks].filter(([, chunk]) => chunk.stem === stem).map(([name]) => name);
      if (names.length === 0) {
        throw new Error(`Cannot group chunks: the bundle has no chunk "${stem}" for the file "${file}"`);
      }
      for (const name of names) assign(name, file);
    }
  }
  // Imported lazily: rollup loads native code, which scripts that only need `DIST` may not be permitted to do.
  const { rollup } = await import("rollup");
  await using build = await rollup({
    input: `${directory}/main.js`,
    external: /^node:/,
    treeshake: false,
    // Above all about cyclic imports, which eager functions don't support: they don't exist before their file is loaded.
    onwarn({ message }) {
      throw new Error(`Cannot group chunks: rollup warns: ${message}`);
    },
  });
  await build.write({
    dir: `${directory}/grouped`,
    entryFileNames: "main.js",
    chunkFileNames: "[name].js",
    hoistTransitiveImports: false,
    manualChunks(id) {
      const name = id.slice(id.lastIndexOf("/") + 1);
      // The entry awaits a dynamic import of the program. In one file the program's variables would be uninitialized.
      return name === "main.js" ? undefined : files.get(name) ?? REST;
    },
  });
  for (const name of chunks.keys()) Deno.removeSync(`${directory}/${name}`);
  for (const { name } of Deno.readDirSync(`${directory}/grouped`)) {
    Deno.renameSync(`${directory}/grouped/${name}`, `${directory}/${name}`);
  }
  Deno.removeSync(`${directory}/grouped`);
}

/** Returns the chunks that a chunk imports statically. */
function importsOf(text: string): readonly string[] {
  return [...text.matchAll(/^(?:import|export)\b[^;"]*"\.\/([^"]+)";$/gm)].map(([, name = ""]) => name);
}
