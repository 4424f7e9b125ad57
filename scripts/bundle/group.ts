/**
 * Puts the many parts of a bundle into a few files.
 *
 * `deno bundle` makes a file of each part that is imported by itself and of each set of them that shares something: 140.
 * The runtime reads and looks through all of them at each start, wanted or not, and those that are wanted come one after
 * the other: a pull took 11 ms longer.
 *
 * @module
 */

/** The files, and the parts that each begins with; what they import goes along with the first that wants it. */
const GROUPS: readonly (readonly [file: string, parts: readonly string[]])[] = [
  ["thread", ["main", "thread", "hash_thread", "decode_thread"]],
  ["pull", [
    "program",
    "named_helpers",
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

/** The files whose parts are all wanted once they are loaded. */
export const GROUPED: readonly string[] = GROUPS.map(([file]) => file);
/** Those of them that each pull loads. */
export const EARLY: readonly string[] = ["thread", "pull"];

/** The file of all that is left. */
const REST = "rest";

/**
 * Groups the parts in `directory`, whose entry is `main.js`, in place.
 *
 * @throws Error if a part that a group begins with is not there
 */
export async function group(directory: string): Promise<void> {
  const parts = new Map([...Deno.readDirSync(directory)].map(({ name }) => {
    const text = Deno.readTextFileSync(`${directory}/${name}`);
    return [name, { stem: name.replace(/(-[0-9A-Z]{8})?\.js$/, ""), imports: importsOf(text) }];
  }));
  const files = new Map<string, string>();
  const assign = (name: string, file: string) => {
    if (files.has(name)) return;
    files.set(name, file);
    for (const imported of parts.get(name)?.imports ?? []) assign(imported, file);
  };
  for (const [file, stems] of GROUPS) {
    for (const stem of stems) {
      const names = [...parts].filter(([, part]) => part.stem === stem).map(([name]) => name);
      if (names.length === 0) {
        throw new Error(`the bundle has no part "${stem}", which "${file}" begins with`);
      }
      for (const name of names) assign(name, file);
    }
  }
  // Loaded here: whoever only wants to know where bundles go has no right to load native code.
  const { rollup } = await import("rollup");
  await using build = await rollup({
    input: `${directory}/main.js`,
    external: /^node:/,
    treeshake: false,
    // Of cycles between files above all: functions that are compiled ahead are not there before their file was loaded.
    onwarn({ message }) {
      throw new Error(`rollup warns: ${message}`);
    },
  });
  await build.write({
    dir: `${directory}/grouped`,
    entryFileNames: "main.js",
    chunkFileNames: "[name].js",
    hoistTransitiveImports: false,
    manualChunks(id) {
      const name = id.slice(id.lastIndexOf("/") + 1);
      // The entry waits for the program, which must not be in the same file: its parts would not be there yet.
      return name === "main.js" ? undefined : files.get(name) ?? REST;
    },
  });
  for (const name of parts.keys()) Deno.removeSync(`${directory}/${name}`);
  for (const { name } of Deno.readDirSync(`${directory}/grouped`)) {
    Deno.renameSync(`${directory}/grouped/${name}`, `${directory}/${name}`);
  }
  Deno.removeSync(`${directory}/grouped`);
}

/** The parts that one imports as soon as it is loaded. */
function importsOf(text: string): readonly string[] {
  return [...text.matchAll(/^(?:import|export)\b[^;"]*"\.\/([^"]+)";$/gm)].map(([, name = ""]) => name);
}
