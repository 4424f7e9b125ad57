/**
 * Checks the documentation of the public library: everything that `src/mod.ts` exports is documented, and the examples
 * of the files behind it run.
 *
 *     deno task docs
 *
 * @module
 */
import { importsOf } from "./floors/graph.ts";

const root = new URL("../", import.meta.url);

async function deno(...args: string[]): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).spawn().status;
  if (success) return;
  console.error(`docs: "deno ${args.slice(0, 2).join(" ")}" failed`);
  Deno.exit(1);
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

await deno("doc", "--lint", "src/mod.ts");
const examples = await filesWithExamples();
if (examples.length > 0) await deno("test", "--doc", "--allow-all", ...examples);
