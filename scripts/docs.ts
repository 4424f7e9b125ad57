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

/** By default `console.assert` only prints; an example must fail. */
const PRELOAD = `console.assert = (condition?: boolean): void => {
  if (!condition) throw new Error("An assertion of the example failed");
};
`;

/**
 * Our settings without the checks for unused names: the runtime imports all of a file's exports into its examples, and
 * would complain about those that an example does not use.
 */
async function withExampleConfig(use: (config: string, preload: string) => Promise<void>): Promise<void> {
  const { imports, nodeModulesDir, compilerOptions } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  const options = { ...compilerOptions, noUnusedLocals: false, noUnusedParameters: false };
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/deno.json`;
    await Deno.writeTextFile(path, JSON.stringify({ imports, nodeModulesDir, compilerOptions: options }));
    const preload = `${folder}/preload.ts`;
    await Deno.writeTextFile(preload, PRELOAD);
    await use(path, preload);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The part of `deno doc --json` that is read. */
interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly {
    readonly kind: string;
    readonly jsDoc?: { readonly tags?: readonly { readonly kind: string }[] };
  }[];
}

/** The functions of the library that have no example. */
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
