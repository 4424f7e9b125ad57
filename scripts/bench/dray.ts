/**
 * dray itself, as it is shipped.
 *
 * @module
 */
import { bundleFolder } from "../bundle.ts";
import type { Contender, Task } from "./contender.ts";
import { measure } from "./measure.ts";
import type { NoSync } from "./no_sync.ts";

/** How dray is started: from the modules that `deno task bundle` makes, from its sources, or as the binary. */
export type Form = "bundle" | "source" | "compiled";

/** dray ready to start. */
export interface Dray {
  /** The words of the command that come before its own. */
  readonly words: readonly string[];
  readonly noSync: NoSync;
}

const root = new URL("../../", import.meta.url).pathname;

/** Makes what the form needs, and gives the words that start dray. */
export async function prepareDray(form: Form, folder: string): Promise<readonly string[]> {
  const deno = Deno.execPath();
  const start = [deno, "run", "--allow-all"];
  const words = form === "source"
    ? [...start, `${root}main.ts`]
    : form === "bundle"
    ? [...start, await bundleTo(`${folder}/modules`)]
    : [await compileTo(`${folder}/dray`)];
  // A first run fills the runtime's own cache of compiled code.
  await measure({ program: words[0] ?? "", args: [...words.slice(1), "version"] });
  return words;
}

/** Copies the modules, because the next bundle replaces them. */
async function bundleTo(directory: string): Promise<string> {
  return await copyModules(await bundleFolder(), directory);
}

/**
 * Bundles another checkout of dray, and returns it as a contender. It shows what a change costs or gains.
 *
 * @param checkout path of the checkout's root directory
 */
export async function baselineOf(
  checkout: string,
  directory: string,
  args: (task: Task) => readonly string[],
): Promise<Contender> {
  const bundle = new Deno.Command(Deno.execPath(), { args: ["task", "bundle"], cwd: checkout });
  const { code, stderr } = await bundle.output();
  if (code !== 0) throw new Error(`Cannot bundle "${checkout}": ${new TextDecoder().decode(stderr)}`);
  const main = await copyModules(`${checkout}/dist/modules/main.js`, directory);
  const dray = { words: [Deno.execPath(), "run", "--allow-all", main], noSync: { missing: "not raced" } };
  const [contender] = ours(dray, args);
  return { ...contender, name: "baseline", isOurs: false };
}

async function copyModules(main: string, directory: string): Promise<string> {
  const from = main.slice(0, main.lastIndexOf("/"));
  await Deno.mkdir(directory, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(`${from}/${name}`, `${directory}/${name}`);
  }
  return `${directory}/${main.slice(from.length + 1)}`;
}

async function compileTo(output: string): Promise<string> {
  const args = ["run", "--allow-all", `${root}scripts/compile.ts`, "--output", output];
  const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
  if (code !== 0) throw new Error(`Cannot compile dray: ${new TextDecoder().decode(stderr)}`);
  return output;
}

/**
 * Half a second into a run the runtime looks for a newer version of itself: once a day, but in every run on a machine
 * that can't reach the place. The binary never does.
 */
export const NO_UPDATE_CHECK = { DENO_NO_UPDATE_CHECK: "1" };

/** dray, and dray without fsync, with the arguments of a task. */
export function ours(
  { words, noSync }: Dray,
  args: (task: Task) => readonly string[],
): readonly [Contender, Contender] {
  const [program = "", ...before] = words;
  const contender = (name: string, missing: string | undefined, measured: typeof measure) => ({
    name,
    isOurs: true,
    missing,
    run: (task: Task) =>
      measured({
        program,
        args: [...before, ...args(task)],
        env: { DRAY_STORE: `${task.folder}/store`, ...NO_UPDATE_CHECK },
      }),
  });
  return [
    contender("dray", undefined, measure),
    "measure" in noSync
      ? contender("dray, no fsync", undefined, noSync.measure)
      : contender("dray, no fsync", noSync.missing, measure),
  ];
}

/** The arguments of a pull. */
export function pullArgs({ reference, caFile }: Task, ...more: readonly string[]): readonly string[] {
  return ["pull", "--quiet", ...more, ...caFile === undefined ? [] : ["--ca-file", caFile], reference];
}
