/**
 * Checks the documentation of the public library: everything that `src/mod.ts` exports is documented, and the examples
 * of the files behind it run.
 *
 *     deno task docs
 *
 * @module
 */
import { importsOf } from "./modules/graph.ts";

const root = new URL("../", import.meta.url);

async function deno(...args: string[]): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).spawn().status;
  if (!success) throw new Error(`"deno ${args.slice(0, 2).join(" ")}" failed`);
}

/** The files that the library is made of and that hold an example. */
async function filesWithExamples(): Promise<string[]> {
  const graph = await importsOf(["src/mod.ts"], root);
  const isExample = async (file: string) =>
    (await Deno.readTextFile(new URL(file, root))).includes("* ```ts");
  const files = [...graph.keys()].filter((file) => file.startsWith("src/"));
  const has = await Promise.all(files.map(isExample));
  return files.filter((_, i) => has[i]);
}

/**
 * Our settings without the checks for unused names: the runtime imports all of a file's exports into its examples, and
 * would complain about those that an example does not use.
 */
async function withExampleConfig(use: (path: string) => Promise<void>): Promise<void> {
  const { imports, nodeModulesDir, compilerOptions } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  const options = { ...compilerOptions, noUnusedLocals: false, noUnusedParameters: false };
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/deno.json`;
    await Deno.writeTextFile(path, JSON.stringify({ imports, nodeModulesDir, compilerOptions: options }));
    await use(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

await deno("doc", "--lint", "src/mod.ts");
const examples = await filesWithExamples();
if (examples.length > 0) {
  await withExampleConfig((config) =>
    deno("test", "--doc", "--allow-all", `--config=${config}`, ...examples)
  );
}
