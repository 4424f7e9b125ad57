/**
 * Checks the documentation of the public library: everything that `src/mod.ts` exports is documented, every function has
 * an example, and the examples run.
 *
 * ```sh
 * deno task docs
 * ```
 *
 * @module
 */
import { importsOf } from "./modules/graph.ts";

const root = new URL("../", import.meta.url);

async function deno(...args: string[]): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).spawn().status;
  if (!success) throw new Error(`"deno ${args.slice(0, 2).join(" ")}" failed`);
}

/** Returns the files of the library that contain an example. */
async function filesWithExamples(): Promise<string[]> {
  const graph = await importsOf(["src/mod.ts"], root);
  const hasExample = async (file: string) =>
    (await Deno.readTextFile(new URL(file, root))).includes("* ```ts");
  const files = [...graph.keys()].filter((file) => file.startsWith("src/"));
  const isMatch = await Promise.all(files.map(hasExample));
  return files.filter((_, i) => isMatch[i]);
}

/** By default `console.assert` only prints, so an example with a wrong assertion would pass. */
const PRELOAD = `console.assert = (condition?: boolean): void => {
  if (!condition) throw new Error("An assertion of the example failed");
};
`;

/**
 * Calls `use` with our configuration without the checks for unused names. `deno test --doc` imports all exports of a
 * file into its examples, and the checks would reject those that an example doesn't use.
 */
async function withExampleConfig(use: (config: string, preload: string) => Promise<void>): Promise<void> {
  const { imports, nodeModulesDir, compilerOptions } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  const options = { ...compilerOptions, noUnusedLocals: false, noUnusedParameters: false };
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/deno.json`;
    await Deno.writeTextFile(path, JSON.stringify({ imports, nodeModulesDir, compilerOptions: options }));
    const preload = `${directory}/preload.ts`;
    await Deno.writeTextFile(preload, PRELOAD);
    await use(path, preload);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** The fields of `deno doc --json` that this script uses. */
interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly {
    readonly kind: string;
    readonly jsDoc?: { readonly tags?: readonly { readonly kind: string }[] };
  }[];
}

/** Returns the functions of the library that have no example. */
async function functionsWithoutExample(): Promise<string[]> {
  const args = ["doc", "--json", "src/mod.ts"];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout));
  const symbols: readonly DocSymbol[] = nodes[new URL("src/mod.ts", root).href].symbols;
  const functions = symbols.filter(({ declarations }) =>
    declarations.some(({ kind }) => kind === "function")
  );
  if (functions.length === 0) throw new Error("deno doc --json lists no functions");
  return functions.filter(({ declarations }) =>
    !declarations.some(({ jsDoc }) => jsDoc?.tags?.some(({ kind }) => kind === "example"))
  ).map(({ name }) => name);
}

await deno("doc", "--lint", "src/mod.ts");
const missing = await functionsWithoutExample();
if (missing.length > 0) throw new Error(`Functions of src/mod.ts without an example: ${missing.join(", ")}`);
const examples = await filesWithExamples();
if (examples.length > 0) {
  await withExampleConfig((config, preload) =>
    deno("test", "--doc", "--allow-all", `--config=${config}`, `--preload=${preload}`, ...examples)
  );
}
