/**
 * Makes the program JavaScript: `dist/dray.js`, one file that runs from any URL, and `dist/modules/main.js` with three
 * more, which starts faster from a disk.
 *
 * ```sh
 * deno task bundle
 * ```
 *
 * @module
 */
import { compiledAhead } from "./bundle/ahead.ts";
import { EARLY, group, GROUPED } from "./bundle/group.ts";

const ROOT = new URL("../", import.meta.url).pathname;

/** Where what is made goes. */
export const DIST = `${ROOT}dist`;

/** Makes one file, and the folder that tells what in it a pull needs. Gives its path; throws if the bundler fails. */
export async function bundleFile(): Promise<string> {
  const early = await earlyModules(await bundleFolder());
  const file = `${DIST}/dray.js`;
  await runBundler("--output", file);
  await rewrite(file, async (bundled) => {
    // Each module is a method here, and those are never compiled ahead.
    const text = withoutForeignPaths(bundled).replace(
      /^ {2}"([^"]+\.\w+)"\(\) \{$/gm,
      '  "$1": function () {',
    );
    const modules = modulesOf(text);
    if (!modules.some(({ name }) => early.has(name))) {
      throw new Error("the bundle has none of a pull's modules");
    }
    const moduleAt = (start: number) => modules.findLast(({ at }) => at < start)?.name;
    return await compiledAhead(text, (start) => early.has(moduleAt(start) ?? ""));
  });
  return file;
}

/** Makes a few files that are loaded when they are wanted. Gives the path of the one to run; throws likewise. */
export async function bundleFolder(): Promise<string> {
  const folder = await bundleGrouped(`${DIST}/modules`);
  for (const name of GROUPED) await rewrite(`${folder}/${name}.js`, (text) => compiledAhead(text));
  return `${folder}/main.js`;
}

/** Makes the same few files for a binary, in which nothing that is compiled is kept. */
export async function bundleForBinary(): Promise<string> {
  return `${await bundleGrouped(`${DIST}/binary`)}/main.js`;
}

async function bundleGrouped(folder: string): Promise<string> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await runBundler("--code-splitting", "--outdir", folder);
  await group(folder);
  for (const { name } of Deno.readDirSync(folder)) await rewrite(`${folder}/${name}`, withoutForeignPaths);
  return folder;
}

async function runBundler(...where: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    // Never minified: esbuild 0.25 then puts the value of `using x = …` into the one place that uses x, and nobody
    // disposes it any more; a lock of the store was held for ever. It would start no faster either.
    args: ["bundle", "--quiet", "--platform=deno", ...where, "main.ts"],
    cwd: ROOT,
    // The bundler itself comes from npm, maybe by way of a proxy that only this machine trusts.
    env: { DENO_TLS_CA_STORE: Deno.env.get("DENO_TLS_CA_STORE") ?? "mozilla,system" },
  }).output();
  if (!success) throw new Error(`deno bundle failed: ${new TextDecoder().decode(stderr)}`);
}

/** The names of the modules that are in the files which a pull loads. */
async function earlyModules(main: string): Promise<ReadonlySet<string>> {
  const folder = main.slice(0, main.lastIndexOf("/"));
  const texts = await Promise.all(EARLY.map((name) => Deno.readTextFile(`${folder}/${name}.js`)));
  return new Set(texts.flatMap(modulesOf).map(({ name }) => name));
}

/** The modules that a bundle is made of, in the order in which they stand there, and where each begins. */
function modulesOf(text: string): readonly { readonly name: string; readonly at: number }[] {
  return [...text.matchAll(/^\/\/ (\S+\.\w+)$/gm)].map(({ 1: name = "", index }) => ({ name, at: index }));
}

async function rewrite(path: string, change: (text: string) => string | Promise<string>): Promise<void> {
  await Deno.writeTextFile(path, await change(await Deno.readTextFile(path)));
}

/** The bundler names each module by its path; where packages are on this machine is nobody's business. */
function withoutForeignPaths(text: string): string {
  return text.replace(/(?:\.\.\/)+[^\s"]*?\/npm\/[^\s"/]+\//g, "npm/");
}

if (import.meta.main) {
  for (const file of [await bundleFile(), `${DIST}/modules/main.js`]) {
    console.log(`${file} ${(await Deno.stat(file)).size} bytes`);
  }
}
