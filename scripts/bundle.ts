/**
 * Makes the program one file of JavaScript that runs from any URL: `dist/dray.js`.
 *
 * ```sh
 * deno task bundle
 * ```
 *
 * @module
 */
import { group } from "./bundle/group.ts";

const ROOT = new URL("../", import.meta.url).pathname;

/** Where what is made goes. */
export const DIST = `${ROOT}dist`;

/**
 * Bundles `main.ts`.
 *
 * @param output `file` for one file; `folder` for a few that are loaded when they are wanted, which starts faster
 * @returns the path of the file to run
 * @throws Error if the bundler fails
 */
export async function bundle(output: "file" | "folder"): Promise<string> {
  const modules = `${DIST}/modules`;
  if (output === "folder") await Deno.remove(modules, { recursive: true }).catch(() => {});
  const where = output === "file"
    ? ["--output", `${DIST}/dray.js`]
    : ["--code-splitting", "--outdir", modules];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    // Never minified: esbuild 0.25 then puts the value of `using x = …` into the one place that uses x, and nobody
    // disposes it any more; a lock of the store was held for ever. It would start no faster either.
    args: ["bundle", "--quiet", "--platform=deno", ...where, "main.ts"],
    cwd: ROOT,
    // The bundler itself comes from npm, maybe by way of a proxy that only this machine trusts.
    env: { DENO_TLS_CA_STORE: Deno.env.get("DENO_TLS_CA_STORE") ?? "mozilla,system" },
  }).output();
  if (!success) throw new Error(`deno bundle failed: ${new TextDecoder().decode(stderr)}`);
  if (output === "file") {
    await withoutForeignPaths(`${DIST}/dray.js`);
    return `${DIST}/dray.js`;
  }
  await group(modules);
  for (const { name } of Deno.readDirSync(modules)) await withoutForeignPaths(`${modules}/${name}`);
  return `${modules}/main.js`;
}

/** The bundler names each module by its path; where packages are on this machine is nobody's business. */
async function withoutForeignPaths(path: string): Promise<void> {
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, text.replace(/(?:\.\.\/)+[^\s"]*?\/npm\/[^\s"/]+\//g, "npm/"));
}

if (import.meta.main) {
  const file = await bundle("file");
  console.log(`${file} ${(await Deno.stat(file)).size} bytes`);
}
