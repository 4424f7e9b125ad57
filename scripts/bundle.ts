/**
 * Bundles the program to JavaScript: `dist/dray.js`, one file that runs from any URL, and `dist/modules/main.js` with a
 * few more files, which starts faster from disk.
 *
 * ```sh
 * deno task bundle
 * ```
 *
 * Needs npm, from which Deno gets esbuild and rollup.
 *
 * @module
 */
import { withEagerFunctions } from "./bundle/eager_functions.ts";
import { EAGER_FILES, groupChunks, PULL_FILES } from "./bundle/group_chunks.ts";

const ROOT = new URL("../", import.meta.url).pathname;

/** The directory of everything that is built. */
export const DIST = `${ROOT}dist`;

/**
 * Bundles the program to `dist/dray.js`, after `dist/modules`, which determines the modules that a pull loads.
 *
 * @returns the path of the file
 * @throws Error if the bundler fails
 */
export async function bundleFile(): Promise<string> {
  const loadedByPull = await modulesOfPull(await bundleModules());
  const file = `${DIST}/dray.js`;
  await runBundler("--output", file);
  await rewrite(file, async (bundled) => {
    // In a single file each module is a method, which V8 never compiles eagerly; a function in parentheses it does.
    const text = withoutCachePaths(bundled).replace(
      /^ {2}"([^"]+\.\w+)"\(\) \{$/gm,
      '  "$1": function () {',
    );
    const modules = modulesOf(text);
    if (!modules.some(({ name }) => loadedByPull.has(name))) {
      throw new Error("Cannot bundle: the file has no comments that name the modules of a pull");
    }
    const moduleAt = (start: number) => modules.findLast(({ at }) => at < start)?.name;
    return await withEagerFunctions(text, (start) => loadedByPull.has(moduleAt(start) ?? ""));
  });
  return file;
}

/**
 * Bundles the program to a few files in `dist/modules`, which are loaded when they are needed.
 *
 * @returns the path of the main file
 * @throws Error if a bundler fails
 */
export async function bundleModules(): Promise<string> {
  const directory = await bundleGrouped(`${DIST}/modules`);
  for (const name of EAGER_FILES) {
    await rewrite(`${directory}/${name}.js`, (text) => withEagerFunctions(text));
  }
  return `${directory}/main.js`;
}

/** Bundles the same files for a compiled binary, which has no code cache. @returns the path of the main file */
export async function bundleForBinary(): Promise<string> {
  return `${await bundleGrouped(`${DIST}/binary`)}/main.js`;
}

async function bundleGrouped(directory: string): Promise<string> {
  await Deno.remove(directory, { recursive: true }).catch(() => {});
  await runBundler("--code-splitting", "--outdir", directory);
  await groupChunks(directory);
  for (const { name } of Deno.readDirSync(directory)) {
    await rewrite(`${directory}/${name}`, withoutCachePaths);
  }
  return directory;
}

async function runBundler(...outputArgs: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    // Don't minify: esbuild 0.25 then inlines the value of `using x = …` where x is used, so it is never disposed, and
    // a store lock was never released. Minified code doesn't start faster either.
    args: ["bundle", "--quiet", "--platform=deno", ...outputArgs, "main.ts"],
    cwd: ROOT,
    // Deno downloads esbuild from npm, possibly through a proxy whose CA only this machine trusts.
    env: { DENO_TLS_CA_STORE: Deno.env.get("DENO_TLS_CA_STORE") ?? "mozilla,system" },
  }).output();
  if (!success) throw new Error(`deno bundle failed: ${new TextDecoder().decode(stderr)}`);
}

/** Returns the names of the modules in the files that a pull loads. */
async function modulesOfPull(main: string): Promise<ReadonlySet<string>> {
  const directory = main.slice(0, main.lastIndexOf("/"));
  const texts = await Promise.all(PULL_FILES.map((name) => Deno.readTextFile(`${directory}/${name}.js`)));
  return new Set(texts.flatMap(modulesOf).map(({ name }) => name));
}

/** Returns the modules of a bundle in order, with the offset of each. esbuild marks each with a comment. */
function modulesOf(text: string): readonly { readonly name: string; readonly at: number }[] {
  return [...text.matchAll(/^\/\/ (\S+\.\w+)$/gm)].map(({ 1: name = "", index }) => ({ name, at: index }));
}

async function rewrite(path: string, change: (text: string) => string | Promise<string>): Promise<void> {
  await Deno.writeTextFile(path, await change(await Deno.readTextFile(path)));
}

/** Removes the path of this machine's npm cache from the module names in the bundle. */
function withoutCachePaths(text: string): string {
  return text.replace(/(?:\.\.\/)+[^\s"]*?\/npm\/[^\s"/]+\//g, "npm/");
}

if (import.meta.main) {
  for (const file of [await bundleFile(), `${DIST}/modules/main.js`]) {
    console.log(`${file} ${(await Deno.stat(file)).size} bytes`);
  }
}
